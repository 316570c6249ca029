"""Runs of the agent over tasks and models, each in a workspace and a sandbox of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.judge import Evidence, Judge
from evaluation.records import Results, Settings
from evaluation.surroundings import WORKSPACE, surroundings
from evaluation.tasks import Task
from evaluation.tasks.ground import DisguisedToolbox, disguise
from toolsets import Registry
from toolsets.agent import AgentLimits, opening, run
from toolsets.chat import ChatModel
from toolsets.launch import open_session
from toolsets.sandbox import Backend
from toolsets.session import SessionLimits
from toolsets.toolbox import Toolbox
from toolsets.trajectory import Message

_MAX_FAILURES = 5
"""As many runs in a row to which the model gave no answer, and there is no point in going on."""

Report = Callable[[str, Task, Evidence], None]


@dataclass(frozen=True)
class Runner:
    """report: told of every run as it ends."""

    results: Results
    settings: Settings
    registry: Registry
    backend: Backend
    report: Report

    async def run_all(self, tasks: Sequence[Task], models: Mapping[str, ChatModel], jobs: int) -> None:
        """Every task with every model, `jobs` at a time, less what is done; what the model failed at is tried again.

        Raises EvaluationError when a model keeps failing, ToolsetError when a tool server does not start. Each run is
        on disk when it has ended: cancelled, it can be gone on with.
        """
        waiting = [(model, task) for task in tasks for model in models if not self.is_done(model, task)]
        waiting.reverse()
        failures = {"in a row": 0}

        async def work() -> None:
            while waiting:
                name, task = waiting.pop()
                evidence = await self.run_one(task, models[name])
                self.results.keep_run(name, task, evidence)
                self.report(name, task, evidence)
                failures["in a row"] = failures["in a row"] + 1 if evidence.is_unanswered else 0
                if failures["in a row"] >= _MAX_FAILURES:
                    raise EvaluationError(
                        f"the model fails again and again: {evidence.trajectory.error}; "
                        "mend that and run the same command again to go on",
                        "base_url",
                    )

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(jobs):
                    group.create_task(work())
        except* Exception as errors:
            raise errors.exceptions[0] from None

    def is_done(self, model: str, task: Task) -> bool:
        evidence = self.results.run(model, task)
        return evidence is not None and not evidence.is_unanswered

    async def run_one(self, task: Task, model: ChatModel) -> Evidence:
        """One task from fresh surroundings to its evidence."""
        limits = SessionLimits(max_characters=self.settings.max_characters)
        with ExitStack() as places:
            around = {
                name: await asyncio.to_thread(places.enter_context, surroundings(name, task))
                for name in self.settings.offered
            }
            async with AsyncExitStack() as stack:
                running = []
                for name, place in around.items():
                    session = open_session(
                        self.registry.manifests[name],
                        self.backend,
                        root=place.root,
                        environ=place.environ,
                        bridges=place.bridges,
                        limits=limits,
                    )
                    running.append((self.registry.toolsets[name], await stack.enter_async_context(session)))
                root = around[WORKSPACE].root if WORKSPACE in around else None
                toolbox = DisguisedToolbox(Toolbox.of(running).entries, disguise(task.ground, root))
                bounds = AgentLimits(self.settings.max_steps, self.settings.max_seconds)
                trajectory = await run(model, toolbox, self._messages(task), bounds)
            return await asyncio.to_thread(around[task.toolset].collect, trajectory)

    def _messages(self, task: Task) -> Sequence[Message]:
        words = task.description if self.settings.described else task.query
        if task.opening is None:
            return opening(words, Path(task.ground.root) if WORKSPACE in self.settings.offered else None)
        return (*task.opening, {"role": "user", "content": words})


async def judge_all(results: Results, registry: Registry, judge: Judge, jobs: int, report: Callable[[], None]) -> None:
    """Ask the LLM judge about every run that has no verdict by this judge yet, or one without a score."""
    offered = results.settings().offered
    tools = [tool for name in offered for tool in registry.toolsets[name].tools]
    turns = asyncio.Semaphore(jobs)

    async def one(model: str, task: Task, evidence: Evidence) -> None:
        async with turns:
            with ExitStack() as stack:
                around = await asyncio.to_thread(stack.enter_context, surroundings(task.toolset, task))
            results.keep_verdict(model, task, await judge.judge(evidence, around.before, tools))
            report()

    async with asyncio.TaskGroup() as group:
        for model, task, evidence in results.runs():
            known = results.verdict(model, task)
            if known is None or known.score is None or known.model != judge.model:
                group.create_task(one(model, task, evidence))
