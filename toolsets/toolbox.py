"""The tools of several running toolsets under the names that a model is offered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from toolsets.model import Tool, Toolset, ToolsetError
from toolsets.registry import SEPARATOR
from toolsets.result import ToolResult
from toolsets.session import Session
from toolsets.trajectory import Call, Observation

_NAME_LENGTH = 64  # the OpenAI API's limit


@dataclass(frozen=True)
class _Entry:
    toolset: Toolset
    tool: Tool
    session: Session


@dataclass(frozen=True)
class Toolbox:
    """Tools by the names they are offered under, each with the session that runs it."""

    entries: Mapping[str, _Entry]

    @classmethod
    def of(cls, running: Iterable[tuple[Toolset, Session]]) -> Self:
        """Tools go by their own names, and by `toolset__tool` where two toolsets have a tool of one name."""
        entries = [_Entry(toolset, tool, session) for toolset, session in running for tool in toolset.tools]
        count = Counter(entry.tool.name for entry in entries)
        named: dict[str, _Entry] = {}
        for entry in entries:
            name = entry.tool.name
            if count[name] > 1:
                name = f"{entry.toolset.name}{SEPARATOR}{name}"
            if len(name) > _NAME_LENGTH or name in named:
                raise ToolsetError(f"the tool {name} cannot be offered beside the others; leave a toolset out", "tools")
            named[name] = entry
        return cls(named)

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each toolset, by its name."""
        return {entry.toolset.name: entry.toolset.digest for entry in self.entries.values()}

    @property
    def offer(self) -> list[dict[str, Any]]:
        """The tools as an OpenAI request has them."""
        return [as_function(name, entry.tool) for name, entry in self.entries.items()]

    async def call(self, call: Call, *, seconds: float | None = None) -> Observation:
        """Make a call, for at most `seconds`. What is wrong with it is a result for the model to read."""
        return self.observation(call, await self._result(call, seconds))

    def observation(self, call: Call, result: ToolResult) -> Observation:
        """`result` of a call, with the toolset and the tool that its name stands for."""
        if (entry := self.entries.get(call.name)) is None:
            return Observation(call, None, None, result)
        return Observation(call, entry.toolset.name, entry.tool.name, result)

    async def _result(self, call: Call, seconds: float | None) -> ToolResult:
        entry = self.entries.get(call.name)
        if entry is None:
            return _refused(f"there is no tool {call.name!r}; the tools are {', '.join(self.entries)}")
        try:
            arguments = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError) as error:
            return _refused(f"the arguments are not JSON: {error}")
        if not isinstance(arguments, dict):
            return _refused("the arguments must be a JSON object")
        return await entry.session.call(entry.tool.name, arguments, seconds=seconds)


def as_function(name: str, tool: Tool) -> dict[str, Any]:
    """A tool under a name of the offer, as an OpenAI request has it."""
    function = {"name": name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _refused(text: str) -> ToolResult:
    return ToolResult(text, is_error=True)
