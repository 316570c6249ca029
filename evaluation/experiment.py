"""One experiment: tasks, models and settings, run into a folder."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.records import Results, Settings
from evaluation.runner import Runner
from evaluation.tasks import Task
from evaluation.two_models import BETWEEN, TwoModels
from toolsets import Registry
from toolsets.chat import ChatModel, OpenAIModel
from toolsets.console import stderr
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from training.display import Display


def registry_for(settings: Settings) -> Registry:
    """The shipped toolsets, cut down to the paper's tools where the settings say so."""
    registry = Registry.load(PACKAGED)
    if not settings.paper_tools:
        return registry
    return replace(registry, toolsets={**registry.toolsets, **{cut.name: cut for cut in registry.paper()}})


def check(tasks: Sequence[Task], settings: Settings) -> None:
    """Raises EvaluationError where tasks and settings do not go together."""
    if not tasks:
        raise EvaluationError("there is no task in these files", "tasks")
    if twice := [id for id, count in Counter(task.id for task in tasks).items() if count > 1]:
        raise EvaluationError(f"the task {twice[0]} stands in two of these files; leave one out", "tasks")
    if not settings.models:
        raise EvaluationError("there is no model; name one", "model")
    known = Registry.load(PACKAGED).toolsets
    named = {part for name in settings.models for part in name.split(BETWEEN)}
    if unknown := set(settings.elsewhere) - named:
        raise EvaluationError(f"{min(unknown)} is none of the models; name it as one too", "elsewhere")
    if missing := {*settings.offered, *(task.toolset for task in tasks)} - set(known):
        raise EvaluationError(f"there is no toolset {min(missing)}; there are: {', '.join(sorted(known))}", "offer")
    if needed := {task.toolset for task in tasks} - set(settings.offered):
        raise EvaluationError(f"the tasks need the toolset {min(needed)}; offer it too", "offer")


def _model(name: str, served: Callable[[str], OpenAIModel]) -> ChatModel:
    """One model, or two where the name is a pair of them."""
    selector, between, writer = name.partition(BETWEEN)
    return TwoModels(served(selector), served(writer)) if between else served(name)


def conduct(
    folder: Path,
    tasks: Sequence[Task],
    settings: Settings,
    backend: Backend,
    jobs: int,
    *,
    api_key: str,
    elsewhere_key: str = "none",
) -> int:
    """Run what is missing in `folder`, with progress on standard error. Returns how many runs got no answer.

    Raises as `Runner.run_all` and `check` do.
    """
    from openai import AsyncOpenAI  # slow to import

    check(tasks, settings)
    results = Results(folder)
    results.begin(settings, tasks)
    with Display(stderr()) as display:
        runner = Runner(results, settings, registry_for(settings), backend, lambda *run: display.advance(1))
        total = len(tasks) * len(settings.models)
        display.begin(folder.name, total)
        display.advance(sum(runner.is_done(name, task) for name in settings.models for task in tasks))

        async def carry_out() -> None:
            async with AsyncExitStack() as stack:
                # Keys are of people, and no part of what an experiment is.
                keys = {settings.base_url: api_key, **dict.fromkeys(settings.elsewhere.values(), elsewhere_key)}
                clients = {
                    url: await stack.enter_async_context(AsyncOpenAI(base_url=url, api_key=key))
                    for url, key in keys.items()
                }

                def served(name: str) -> OpenAIModel:
                    url = settings.elsewhere.get(name, settings.base_url)
                    return OpenAIModel(clients[url], name, settings.max_tokens)

                await runner.run_all(tasks, {name: _model(name, served) for name in settings.models}, jobs)

        asyncio.run(carry_out())
        display.end(f"{total} runs in {folder}")
        return sum(not runner.is_done(name, task) for name in settings.models for task in tasks)
