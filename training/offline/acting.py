"""Acting a script out against the real server, and the record of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.chat_template import compact_json
from toolsets import Tool, Toolset
from toolsets.result import ToolResult
from toolsets.session import Session
from toolsets.trajectory import Call as MadeCall
from toolsets.trajectory import Message, Observation, Reply, Step
from training.arguments import ArgumentsError, canonical_arguments
from training.offline.script import Call, Script

LONGEST = 5000
"""Characters of a result that is worth learning from."""


class Discarded(Exception):
    """A script that did not come out as planned. The text is the reason, one of few."""


def _as_sent(text: str) -> str:
    return text


def _as_shown(tool: str, text: str) -> str:
    return text


@dataclass(frozen=True)
class Room:
    """Where scripts are acted out: a server that is running, and how what it is sent and answers is translated.

    sent: arguments from what the model writes to what the server understands. shown: a result, the other way.
    longest: results of more characters are not worth learning from.
    """

    toolset: Toolset
    session: Session
    sent: Callable[[str], str] = _as_sent
    shown: Callable[[str, str], str] = _as_shown
    longest: int = LONGEST

    def tool(self, name: str) -> Tool:
        return next(tool for tool in self.toolset.tools if tool.name == name)


@dataclass
class Conversation:
    """One conversation: its opening, and the steps since the user last spoke. `results` are texts as shown."""

    room: Room
    opening: list[Message]
    steps: list[Step] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    made: int = 0

    async def act(self, script: Script) -> str:
        """Make the calls of a script, and return what it has to say. Raises Discarded, and what the script raises."""
        try:
            call = next(script)
            while True:
                call = script.send(await self._make(call))
        except StopIteration as over:
            return str(over.value)

    def say(self, text: str) -> None:
        """The assistant's answer."""
        self.steps.append(Step(Reply(text)))

    def hear(self, text: str) -> None:
        """What the user says next: what was done so far becomes part of the opening."""
        for step in self.steps:
            self.opening.append(step.reply.message)
            self.opening += [seen.message for seen in step.calls]
        self.opening.append({"role": "user", "content": text})
        self.steps, self.calls, self.results = [], [], []

    async def _make(self, call: Call) -> str:
        room = self.room
        try:
            text = canonical_arguments(room.tool(call.tool), compact_json(call.arguments))
        except ArgumentsError as error:
            raise Discarded("invalid arguments") from error
        result = await room.session.call(call.tool, json.loads(text, object_hook=self._sent))
        shown = room.shown(call.tool, result.text)
        _check(call, shown, result, room.longest)
        self.made += 1
        made = MadeCall(f"call_{self.made}", call.tool, text)
        seen = Observation(made, room.toolset.name, call.tool, ToolResult(shown, result.is_error))
        self.steps.append(Step(Reply(None, (made,), "tool_calls"), (seen,)))
        self.calls.append(call)
        self.results.append(shown)
        return shown

    def _sent(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._translated(below) for key, below in value.items()}

    def _translated(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.room.sent(value)
        if isinstance(value, list):
            return [self._translated(item) for item in value]
        return value


def _check(call: Call, shown: str, result: ToolResult, longest: int) -> None:
    """What makes a demonstration worthless: surprises, nothing to see, and too much of it."""
    if result.is_error and not call.fails:
        raise Discarded("the server refused a call")
    if call.fails and not result.is_error:
        raise Discarded("the server took a call that it should refuse")
    if not shown.strip() and not call.empty:
        raise Discarded("an empty result")
    if shown == "No matches found" and not call.empty:
        raise Discarded("an empty result")
    if result.truncated or len(shown) > longest:
        raise Discarded("a long result")
