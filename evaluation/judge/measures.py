"""Judge-free figures of a run: how its calls compare with the reference plan, and what it took.

    tools right        longest common subsequence of the tools called and the reference's / the longer of the two
    arguments right    calls of the reference that were made with the same arguments / calls of the reference
    first toolset      right is the task's, or none where the task needs no call: whatever came after routing
    valid, succeeded   shares of the calls whose arguments the tool's schema accepts, and that were no error

Arguments are the same if they are as JSON, with paths relative to the workspace; JSON in a string counts as what it
stands for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from evaluation.judge.evidence import Evidence
from evaluation.tasks import Task
from evaluation.tasks.facts import arguments_of, relative
from server.chat_template import compact_json
from server.constraints.check import violation
from server.prompt import NO_TOOLSET
from toolsets import Tool
from toolsets.trajectory import Call, Reply, Trajectory

_PATHS = frozenset({"path", "source", "destination"})


@dataclass(frozen=True)
class Measures:
    """Shares are from 0 to 1, None where there is nothing to take a share of. seconds: of the whole run."""

    tools_right: float
    arguments_right: float | None
    first_toolset_right: bool
    first_tool_right: bool
    valid: float | None
    succeeded: float | None
    calls: int
    steps: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


def measure(task: Task, evidence: Evidence, tools: Mapping[str, Tool]) -> Measures:
    """tools: what was offered, by the name that it was offered under."""
    trajectory = evidence.trajectory
    calls = trajectory.calls
    made, planned = [seen.tool for seen in calls], [call.tool for call in task.reference]
    usage = [step.reply.usage or {} for step in trajectory.steps]
    wanted = [(call.tool, canonical(call.arguments, evidence.root)) for call in task.reference]
    there = {(seen.tool, canonical(arguments_of(seen.call), evidence.root)) for seen in calls}
    return Measures(
        tools_right=_common(made, planned) / max(len(made), len(planned)) if made or planned else 1.0,
        arguments_right=share([call in there for call in wanted]),
        first_toolset_right=_first_toolset(trajectory) == (task.toolset if planned else None),
        first_tool_right=(made[0] if made else None) == (planned[0] if planned else None),
        valid=share([is_valid(seen.call, tools) for seen in calls]),
        succeeded=share([not seen.result.is_error for seen in calls]),
        calls=len(calls),
        steps=len(trajectory.steps),
        prompt_tokens=sum(part.get("prompt_tokens") or 0 for part in usage),
        completion_tokens=sum(part.get("completion_tokens") or 0 for part in usage),
        seconds=trajectory.seconds,
    )


def routed(reply: Reply, called: str | None) -> str | None:
    """The toolset that a reply goes to, None for none: as the server reports it, or else that which it `called`."""
    chosen = reply.chose("route") or called
    return None if chosen == NO_TOOLSET else chosen


def _first_toolset(trajectory: Trajectory) -> str | None:
    called = trajectory.calls[0].toolset if trajectory.calls else None
    return routed(trajectory.steps[0].reply, called) if trajectory.steps else None


def is_valid(call: Call, tools: Mapping[str, Tool]) -> bool:
    """Whether the call is of a tool that was offered, with arguments that its schema accepts."""
    tool, arguments = tools.get(call.name), arguments_of(call)
    return tool is not None and arguments is not None and violation(compact_json(arguments), tool.parameters) is None


def canonical(arguments: Mapping[str, Any] | None, root: str) -> str:
    """Arguments in a form in which those that mean the same are the same."""
    if arguments is None:
        return ""
    value: dict[str, Any] = {}
    for name in arguments:
        given = _unpacked(arguments[name])
        if name in _PATHS:
            given = relative(given, root) or given
        elif name == "paths" and isinstance(given, list):
            given = [relative(path, root) or path for path in given]
        value[name] = given
    return json.dumps(value, sort_keys=True)


def _unpacked(given: Any) -> Any:
    """What a string holds that is an object or a list in JSON: monday.com wants column values like that."""
    if not isinstance(given, str) or given[:1] not in ("{", "["):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given


def share(truths: Sequence[bool]) -> float | None:
    """How many of them are true, from 0 to 1; None where there are none."""
    return sum(truths) / len(truths) if truths else None


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None where none is."""
    known = [float(value) for value in values if value is not None]
    return fmean(known) if known else None


def _common(first: Sequence[str | None], second: Sequence[str | None]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for one in first:
        above = row
        row = [0]
        for place, other in enumerate(second):
            row.append(above[place] + 1 if one == other else max(row[place], above[place + 1]))
    return row[-1]
