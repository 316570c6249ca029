"""A conversation as the decode sees it: frozen messages of four roles, text only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
