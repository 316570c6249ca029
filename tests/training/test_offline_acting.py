"""Scripts that are acted out: what is written down of them, and what is thrown away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from tests.server.toy import FILES
from toolsets.result import ToolResult
from toolsets.session import Session
from training.offline.acting import Conversation, Discarded, Room
from training.offline.filesystem.disguise import Disguise
from training.offline.script import Call, Script

DISGUISE = Disguise(Path("/tmp/x1/workspace"), "/home/ada", datetime(2025, 3, 4, 9, tzinfo=UTC))


class Scripted:
    """A session whose results are known before."""

    def __init__(self, *results: ToolResult) -> None:
        self._results = list(results)
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolResult:
        self.sent.append((tool, arguments))
        return self._results.pop(0)


def conversation(session: Scripted) -> Conversation:
    room = Room(FILES, cast(Session, session), DISGUISE.sent, DISGUISE.seen, 100)
    return Conversation(room, [{"role": "system", "content": "Help."}])


def once(call: Call) -> Script:
    text = yield call
    return f"It says: {text}"


async def test_calls_and_results_are_written_down_as_the_user_would_see_them() -> None:
    session = Scripted(ToolResult("at /tmp/x1/workspace/a.txt"))
    talk = conversation(session)
    talk.hear("Read a.txt")
    talk.say(await talk.act(once(Call("read", {"path": "/home/ada/a.txt"}))))
    assert session.sent == [("read", {"path": "/tmp/x1/workspace/a.txt"})]
    assert talk.opening == [{"role": "system", "content": "Help."}, {"role": "user", "content": "Read a.txt"}]
    ((seen,),) = [step.calls for step in talk.steps if step.calls]
    assert json.loads(seen.call.arguments) == {"path": "/home/ada/a.txt"}
    assert seen.result == ToolResult("at /home/ada/a.txt")
    assert talk.steps[-1].reply.text == "It says: at /home/ada/a.txt"


async def test_what_was_done_before_belongs_to_the_opening_and_is_not_learnt() -> None:
    talk = conversation(Scripted(ToolResult("one")))
    talk.hear("Read a.txt")
    talk.say(await talk.act(once(Call("read", {"path": "a.txt"}))))
    talk.hear("Thanks")
    talk.say("You're welcome.")
    assert [message["role"] for message in talk.opening] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert [(step.reply.text, step.calls) for step in talk.steps] == [("You're welcome.", ())]


@pytest.mark.parametrize(
    ("call", "result", "reason"),
    [
        (Call("read", {"path": "a"}), ToolResult("no such file", is_error=True), "the server refused a call"),
        (Call("read", {"path": "a"}, fails=True), ToolResult("x"), "the server took a call that it should refuse"),
        (Call("read", {"path": "a"}), ToolResult(" \n"), "an empty result"),
        (Call("read", {"path": "a"}), ToolResult("No matches found"), "an empty result"),
        (Call("read", {"path": "a"}), ToolResult("x" * 101), "a long result"),
        (Call("read", {"path": 7}), ToolResult("x"), "invalid arguments"),
    ],
)
async def test_a_call_that_comes_out_otherwise_than_planned_is_discarded(
    call: Call, result: ToolResult, reason: str
) -> None:
    with pytest.raises(Discarded) as error:
        await conversation(Scripted(result)).act(once(call))
    assert str(error.value) == reason


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (Call("read", {"path": "a"}, fails=True), ToolResult("no such file", is_error=True)),
        (Call("read", {"path": "a"}, empty=True), ToolResult("")),
    ],
)
async def test_what_is_planned_to_fail_or_to_be_empty_may(call: Call, result: ToolResult) -> None:
    assert await conversation(Scripted(result)).act(once(call)) == f"It says: {result.text}"


def test_times_that_differ_from_run_to_run_are_not_seen() -> None:
    def shown(modified: str, accessed: str) -> str:
        text = "created: {1} (CET)\nmodified: {0} (CET)\naccessed: {1} (CET)\nisDirectory: false"
        return DISGUISE.seen("get_file_info", text.format(modified, accessed))

    old = "Mon Jan 06 2025 10:00:00 GMT+0100"
    assert shown(old, "Sat Nov 21 2026 03:00:00 GMT+0000") == shown(old, "Sun Nov 22 2026 03:00:00 GMT+0000")
    assert "modified: Mon Jan 06 2025 09:00:00 GMT+0000 (Coordinated Universal Time)" in shown(old, old)
    assert "modified: Tue Mar 04 2025 09:00:00 GMT+0000" in shown("Sat Nov 21 2026 03:00:00 GMT+0000", old)
