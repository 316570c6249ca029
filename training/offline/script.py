"""What a plan makes of a request: words for its slots, and a script that is acted out against the real server."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Unfit(Exception):
    """What a plan needs is not there: not in this workspace, or not in what the server answered."""


@dataclass(frozen=True)
class Call:
    """A tool call with its optional arguments only where the request asks for them.

    `fails`: the server must refuse it; otherwise it must not. `empty`: that it finds nothing is an answer too.
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fails: bool = False
    empty: bool = False


Script = Generator[Call, str, str]
"""Yields calls, is sent the text of each result, returns what the assistant tells the user. May raise Unfit."""


@dataclass(frozen=True)
class Task:
    """A request, ready to be worded and acted out. `about`: the path that `it` means in what the user says next."""

    slots: Mapping[str, str]
    script: Script
    about: str | None = None


@dataclass(frozen=True)
class Earlier:
    """What came before in a conversation: the plan that was carried out, its calls, and their results as shown."""

    plan: str
    about: str | None
    calls: tuple[Call, ...]
    results: tuple[str, ...]
