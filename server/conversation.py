"""A conversation as the decode sees it: frozen messages of four roles, text only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of the past. `arguments` is the JSON text as it was sent, whether or not it parses."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `calls` belong to assistants; `call_id` and `name` say which call a tool message answers."""

    role: Role
    content: str
    calls: tuple[Call, ...] = ()
    call_id: str | None = None
    name: str | None = None


def tool_answered(messages: Sequence[Message]) -> bool:
    """Whether a tool has spoken last, so that work is under way."""
    return messages[-1].role == "tool"


def said(messages: Sequence[Message]) -> str:
    """All that the messages say, a line each at least: what was written, and the texts in the arguments of calls."""
    return "\n".join(text for message in messages for text in (message.content, *_in_calls(message.calls)))


def _in_calls(calls: Sequence[Call]) -> Iterator[str]:
    for call in calls:
        try:
            yield from _texts(json.loads(call.arguments))
        except (ValueError, RecursionError):
            yield call.arguments


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
