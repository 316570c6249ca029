"""What a task must pass before it is asked of anybody.

The reference plan, carried out on the real server, meets every requirement and touches nothing else; a run that does
nothing meets none. Only then is a score of 10 in reach, and a score above 0 earned.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from evaluation.judge import Evidence, judge
from evaluation.surroundings import surroundings
from evaluation.tasks.ground import DisguisedToolbox, disguise
from evaluation.tasks.task import CallMade, Says, Task
from toolsets import Registry, Toolset
from toolsets.launch import open_session
from toolsets.sandbox import Backend
from toolsets.toolbox import Toolbox
from toolsets.trajectory import Call, Reply, Step, Trajectory

_PATHS = ("path", "source", "destination")


async def flaw(task: Task, registry: Registry, backend: Backend) -> str | None:
    """Why a task is not fit to be asked; None if it is. Raises ToolsetError where the server does not start."""
    return flaw_in(task, await perform(task, registry, backend), registry)


def flaw_in(task: Task, evidence: Evidence, registry: Registry) -> str | None:
    """As `flaw`, where the evidence of the reference plan is known."""
    if task.benchmark == "mcpbench" and (named := _named(task.query, registry.toolsets[task.toolset])):
        return f"the fuzzed query names the tool {named}"
    failed = [seen.result.text for seen in evidence.trajectory.calls if seen.result.is_error]
    if failed:
        return f"the reference plan fails: {failed[0]}"
    verdict = judge(task, evidence)
    missed = [
        r for r, met in zip(task.requirements, verdict.satisfied, strict=True) if not met and not isinstance(r, Says)
    ]
    if missed:
        return f"the reference plan misses {missed[0]!r}"
    if verdict.collateral:
        return f"the reference plan also changes {verdict.collateral[0]}"
    if task.ground.final not in (None, evidence.ending):
        return "the reference plan ends in another state than the task's"
    idle = replace(evidence.trajectory, steps=(), outcome="interrupted")
    if judge(task, Evidence(idle, evidence.root)).coverage:
        return "a run that does nothing meets a requirement"
    return None


def _named(query: str, toolset: Toolset) -> str | None:
    return next((tool.name for tool in toolset.tools if tool.name in query), None)


async def perform(task: Task, registry: Registry, backend: Backend) -> Evidence:
    """Carry out the reference plan on the real server."""
    toolset, manifest = registry.toolsets[task.toolset], registry.manifests[task.toolset]
    with surroundings(task.toolset, task) as around:
        steps: list[Step] = []
        async with open_session(
            manifest, backend, root=around.root, environ=around.environ, bridges=around.bridges
        ) as session:
            toolbox = DisguisedToolbox(Toolbox.of([(toolset, session)]).entries, disguise(task.ground, around.root))
            for number, planned in enumerate(task.reference, 1):
                made = Call(f"call_{number}", planned.tool, json.dumps(in_full(planned, task.ground.root)))
                steps.append(Step(Reply(None, (made,), "tool_calls"), (await toolbox.call(made),)))
        trajectory = Trajectory("reference", "", toolbox.digests, (), "", 0.0, "answered", (*steps, Step(Reply(""))))
        return around.collect(trajectory)


def in_full(planned: CallMade, root: str) -> dict[str, Any]:
    """The arguments of a planned call, with its paths in full as the agent is told to give them."""
    arguments = dict(planned.arguments)
    for name in _PATHS:
        if name in arguments:
            arguments[name] = _full(arguments[name], root)
    if "paths" in arguments:
        arguments["paths"] = [_full(path, root) for path in arguments["paths"]]
    return arguments


def _full(path: str, root: str) -> str:
    return root if path == "." else path if path.startswith("/") else f"{root}/{path}"
