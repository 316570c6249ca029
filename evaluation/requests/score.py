"""What a model's first reply to a request is worth.

right tool     the first call's tool is that of a wanted call; or nothing was called where nothing is wanted
right call     one call, and a wanted one: arguments as in it, less those that are the schema's default
valid          the schema accepts the arguments
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.judge.measures import canonical, is_valid, share
from evaluation.requests.request import Request
from evaluation.tasks.facts import arguments_of
from toolsets import Tool
from toolsets.trajectory import Reply


@dataclass(frozen=True)
class Answer:
    """valid: None where nothing was called. called: (tool, arguments), as the model gave them."""

    request: str
    expected: str | None
    called: tuple[tuple[str, str], ...]
    right_tool: bool
    right_call: bool
    valid: bool | None
    text: str | None
    seconds: float


@dataclass(frozen=True)
class Summary:
    """Shares from 0 to 1, None without anything to take a share of. The first two are of requests that take a tool."""

    requests: int
    right_tool: float | None
    right_call: float | None
    right_without_tool: float | None
    valid: float | None
    seconds: float
    by_tool: Mapping[str, tuple[int, int, int]]
    """By the tool that is wanted: requests, right tool, right call."""


def judge(request: Request, reply: Reply, tools: Mapping[str, Tool], root: str) -> Answer:
    """root: the folder to which relative paths are relative."""
    calls = reply.calls
    wanted = {(call.tool, _meant(call.arguments, tools.get(call.tool), root)) for call in request.calls}
    made = {(call.name, _meant(arguments_of(call), tools.get(call.name), root)) for call in calls}
    first = calls[0].name if calls else None
    return Answer(
        request=request.request,
        expected=request.calls[0].tool if request.calls else None,
        called=tuple((call.name, call.arguments) for call in calls),
        right_tool=first in {call.tool for call in request.calls} if request.calls else first is None,
        right_call=len(calls) == 1 and made <= wanted if request.calls else first is None,
        valid=all(is_valid(call, tools) for call in calls) if calls else None,
        text=reply.text,
        seconds=reply.seconds,
    )


def summarize(answers: Sequence[Answer]) -> Summary:
    calling = [answer for answer in answers if answer.expected is not None]
    by_tool: dict[str, tuple[int, int, int]] = {}
    for answer in answers:
        count, tool, call = by_tool.get(answer.expected or "no tool", (0, 0, 0))
        by_tool[answer.expected or "no tool"] = (count + 1, tool + answer.right_tool, call + answer.right_call)
    return Summary(
        requests=len(answers),
        right_tool=share([answer.right_tool for answer in calling]),
        right_call=share([answer.right_call for answer in calling]),
        right_without_tool=share([answer.right_tool for answer in answers if answer.expected is None]),
        valid=share([answer.valid for answer in answers if answer.valid is not None]),
        seconds=sum(answer.seconds for answer in answers) / len(answers),
        by_tool=dict(sorted(by_tool.items())),
    )


def as_json(answers: Sequence[Answer]) -> dict[str, Any]:
    return {"summary": asdict(summarize(answers)), "answers": [asdict(answer) for answer in answers]}


def _meant(arguments: Mapping[str, Any] | None, tool: Tool | None, root: str) -> str:
    """Arguments less those that change nothing, in a form in which those that mean the same are the same."""
    if arguments is None or tool is None:
        return canonical(arguments, root)
    properties = tool.parameters.get("properties", {})
    missing = object()
    said = {
        name: value for name, value in arguments.items() if properties.get(name, {}).get("default", missing) != value
    }
    return canonical(said, root)
