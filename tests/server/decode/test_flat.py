"""Name and arguments in one pass."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.constraints import ToolCall
from server.decode import checked_text
from server.decode.events import ArgumentsPiece, CallStarted, Event, Finished, StageDone, TextPiece
from server.decode.step import step
from server.engine.base import Piece, Sampling
from server.engine.scripted import ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import asked, chosen, decoded, even, stages_on, wrote
from tests.server.toy import ADD, ODD, READ, READ_ALL, SEND, engine, schema
from toolsets import Tool

FLAT = "dualtune-flat"
CALL = '{"name":"read","arguments":{"path":"a"}}'
HEAD = len('{"name":"read","arguments":')


async def test_one_pass_over_all_tools_gives_the_call() -> None:
    scripted = engine(flat=CALL)
    assert await decoded(asked(READ, READ_ALL, SEND, profile=FLAT), scripted) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, '{"path":"a"}'),
        wrote(scripted, 0, len(CALL), choice="read", confidence=even(HEAD)),
        Finished("tool_calls"),
    ]
    (seen,) = scripted.generations
    schemas = {tool.name: tool.parameters for tool in (READ, READ_ALL, SEND)}
    assert (seen.prompt.stage, seen.constraint, seen.adapter) == (Stage.FLAT, ToolCall(schemas, "summarize"), None)
    assert all(tool.description in seen.prompt.text for tool in (READ, READ_ALL, SEND))


async def test_no_tool_leads_to_text() -> None:
    reply = '{"name":"summarize","arguments":{}}'
    scripted = engine(flat=reply, answer="Hi.")
    assert await decoded(asked(READ, profile=FLAT), scripted) == [
        chosen(scripted, 0, "summarize", len(reply)),
        TextPiece("Hi."),
        wrote(scripted, 1, 3),
        Finished("stop"),
    ]


async def test_a_required_call_is_offered_no_way_out() -> None:
    scripted = engine(flat=CALL)
    await decoded(asked(READ, profile=FLAT, must_call=True), scripted)
    assert scripted.generations[0].constraint == ToolCall({"read": READ.parameters}, None)
    assert "summarize" not in scripted.generations[0].prompt.text


async def test_tools_of_two_servers_with_one_name_are_both_offered() -> None:
    a, b = Tool("a__find", "", schema()), Tool("b__find", "", READ.parameters)
    scripted = engine(flat='{"name":"b__find","arguments":{"path":"x"}}')
    events = await decoded(asked(a, b, profile=FLAT), scripted)
    assert events[:2] == [CallStarted(0, "call_0", "b__find"), ArgumentsPiece(0, '{"path":"x"}')]
    assert scripted.generations[0].constraint == ToolCall(
        {"a__find": a.parameters, "b__find": b.parameters}, "summarize"
    )


class Chopped(ScriptedEngine):
    """Gives a reply in pieces that end at `cuts`."""

    def __init__(self, reply: str, cuts: set[int]) -> None:
        super().__init__([reply])
        self._cuts = cuts

    async def _pieces(self, reply: str, prompt_tokens: int, sampling: Sampling) -> AsyncGenerator[Piece, None]:
        text = ""
        async for piece in super()._pieces(reply, prompt_tokens, sampling):
            text += piece.text
            if piece.completion_tokens in self._cuts or piece.finish:
                yield replace(piece, text=text)
                text = ""


values = st.recursive(
    st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner)
)


@given(
    st.sampled_from(["a", "ab", "a_", "abc"]),
    st.dictionaries(st.sampled_from(["x", "y", '}"']), values, max_size=2),
    st.sets(st.integers(1, 90)),
)
async def test_wherever_the_text_is_cut_into_pieces_the_call_is_the_same(
    name: str, arguments: dict[str, object], cuts: set[int]
) -> None:
    tools = [Tool(called, "", {"type": "object"}) for called in ("a", "ab", "a_", "abc")]
    written = json.dumps(arguments, separators=(",", ":"), ensure_ascii=False)
    scripted = Chopped(f'{{"name":"{name}","arguments":{written}}}', cuts)
    events = await decoded(asked(*tools, profile=FLAT), scripted)
    assert events[:2] == [CallStarted(0, "call_0", name), ArgumentsPiece(0, written)]


async def test_arguments_arrive_while_they_are_written() -> None:
    scripted = engine(flat=CALL)
    pieces = [event async for event in step(asked(READ, profile=FLAT), stages_on(scripted))]
    assert [piece.text for piece in pieces if isinstance(piece, ArgumentsPiece)] == list('{"path":"a"}')


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (3, [Finished("length")]),
        (HEAD, [CallStarted(0, "call_0", "read"), Finished("length")]),
        (HEAD + 4, [CallStarted(0, "call_0", "read"), ArgumentsPiece(0, '{"pa'), Finished("length")]),
        (len(CALL) - 1, [CallStarted(0, "call_0", "read"), ArgumentsPiece(0, '{"path":"a"}'), Finished("length")]),
        (len(CALL), [CallStarted(0, "call_0", "read"), ArgumentsPiece(0, '{"path":"a"}'), Finished("tool_calls")]),
    ],
)
async def test_a_call_that_reaches_the_limit_is_cut_there(limit: int, expected: list[Event]) -> None:
    events = await decoded(asked(READ, profile=FLAT, max_tokens=limit), engine(flat=CALL))
    assert [event for event in events if not isinstance(event, StageDone)] == expected


class JustInTime(ScriptedEngine):
    """Reaches the limit with the last token of its reply, and says so."""

    async def _pieces(self, reply: str, prompt_tokens: int, sampling: Sampling) -> AsyncGenerator[Piece, None]:
        async for piece in super()._pieces(reply, prompt_tokens, sampling):
            yield replace(piece, finish="length" if piece.finish else None)


async def test_a_limit_that_is_reached_with_the_last_brace_cuts_nothing() -> None:
    scripted = JustInTime([CALL])
    assert await decoded(asked(READ, profile=FLAT), scripted) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, '{"path":"a"}'),
        wrote(scripted, 0, len(CALL), choice="read", confidence=even(HEAD)),
        Finished("tool_calls"),
    ]


async def test_arguments_that_the_grammar_cannot_vouch_for_are_held_and_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: '{"path":"c"}')
    scripted = engine(flat='{"name":"odd","arguments":{"path":"b"}}')
    events = await decoded(asked(ODD, ADD, profile=FLAT), scripted)
    assert events[:2] == [CallStarted(0, "call_0", "odd"), ArgumentsPiece(0, '{"path":"c"}')]
    report = events[2]
    assert isinstance(report, StageDone)
    assert (report.note or "").startswith("mended what the model wrote: $.path: ")


async def test_held_arguments_that_are_cut_short_are_given_as_they_are() -> None:
    scripted = engine(flat='{"name":"odd","arguments":{"path":"b"}}')
    events = await decoded(asked(ODD, profile=FLAT, max_tokens=29), scripted)
    assert [events[1], events[-1]] == [ArgumentsPiece(0, '{"p'), Finished("length")]
