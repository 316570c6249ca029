"""What a decode may write: constraints as values, their grammars, and the check of what came out.

This module holds the values only and imports nothing heavy; `to_grammar` and `plan` live in modules of
their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """Exactly one of these strings. Raises ValueError when there is none."""

    options: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.options:
            raise ValueError("a choice needs at least one option")


@dataclass(frozen=True)
class JsonSchema:
    """One JSON value, in canonical form (no white space), of a JSON Schema.

    The members `copied` of an object are put together of words of `said`, as `server.constraints.copying` has it.
    """

    schema: Mapping[str, Any]
    copied: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class ToolCall:
    """One object `{"name":"<tool>","arguments":{...}}`.

    `tools` maps each tool's name to the JSON Schema of its arguments. When `allow_none` is a name, the object
    `{"name":"<allow_none>","arguments":{}}` is allowed too. Raises ValueError when nothing is allowed at all.
    """

    tools: Mapping[str, Mapping[str, Any]]
    allow_none: str | None = None

    def __post_init__(self) -> None:
        if not self.tools and self.allow_none is None:
            raise ValueError("a tool call needs at least one tool")


Constraint = Choice | JsonSchema | ToolCall

__all__ = ["Choice", "Constraint", "JsonSchema", "ToolCall"]
