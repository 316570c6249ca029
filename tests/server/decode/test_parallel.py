"""Several calls in one step."""

from __future__ import annotations

import json
from itertools import count

from server.constraints import Choice
from server.decode.events import ArgumentsPiece, CallStarted, Event, Finished, StageDone, TextPiece
from server.decode.parallel import MAX_CALLS
from server.decode.step import step
from server.engine.scripted import ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import asked, chosen, decoded, stages_on, wrote
from tests.server.toy import READ, READ_ALL, SEND, engine
from toolsets import Tool

A, B = '{"path":"a"}', '{"path":"b"}'


def without_reports(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, StageDone)]


async def test_calls_follow_each_other_until_the_model_stops() -> None:
    scripted = engine(select=["read", "read", "summarize"], arguments=[A, B])
    assert await decoded(asked(READ, READ_ALL, parallel=True), scripted) == [
        chosen(scripted, 0, "read", 4),
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        wrote(scripted, 1, 12, choice="read"),
        chosen(scripted, 2, "read", 4),
        wrote(scripted, 3, 12, choice="read"),
        CallStarted(1, "call_1", "read"),
        ArgumentsPiece(1, B),
        chosen(scripted, 4, "summarize", 1),
        Finished("tool_calls"),
    ]


async def test_each_call_sees_the_ones_before() -> None:
    scripted = engine(select=["read", "read", "summarize"], arguments=[A, B])
    await decoded(asked(READ, READ_ALL, parallel=True), scripted)
    calls = [f'<tool_call>\n{{"name":"read","arguments":{arguments}}}\n</tool_call>' for arguments in (A, B)]
    assert [[call in seen.prompt.text for call in calls] for seen in scripted.generations] == [
        [False, False],
        [False, False],
        [True, False],
        [True, False],
        [True, True],
    ]


async def test_only_the_first_call_can_be_required() -> None:
    scripted = engine(route=["files", "none"], select="read", arguments=A)
    events = await decoded(asked(READ, READ_ALL, SEND, parallel=True, must_call=True), scripted)
    assert without_reports(events) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        Finished("tool_calls"),
    ]
    assert [seen.constraint for seen in scripted.generations if seen.prompt.stage is Stage.ROUTE] == [
        Choice(("files", "mail")),
        Choice(("files", "mail", "none")),
    ]


async def test_no_call_at_all_leads_to_text() -> None:
    scripted = engine(select="summarize", answer="Hi.")
    events = await decoded(asked(READ, parallel=True), scripted)
    assert without_reports(events) == [TextPiece("Hi."), Finished("stop")]


async def test_a_call_that_repeats_an_earlier_one_ends_the_step_unseen() -> None:
    scripted = engine(select="read", arguments=[A, B, A])
    events = await decoded(asked(READ, READ_ALL, parallel=True), scripted)
    assert without_reports(events) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        CallStarted(1, "call_1", "read"),
        ArgumentsPiece(1, B),
        Finished("tool_calls"),
    ]


async def test_there_is_an_end_to_calls() -> None:
    numbers = count()
    scripted = engine(select="read", arguments=(json.dumps({"path": str(next(numbers))}) for _ in count()))
    events = await decoded(asked(READ, READ_ALL, parallel=True), scripted)
    assert [event.index for event in events if isinstance(event, CallStarted)] == list(range(MAX_CALLS))


async def test_the_clients_limit_is_for_all_calls_together() -> None:
    scripted = engine(select="read", arguments=[A, B])
    events = await decoded(asked(READ, READ_ALL, parallel=True, max_tokens=16), scripted)
    assert without_reports(events) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        CallStarted(1, "call_1", "read"),
        ArgumentsPiece(1, B[:4]),
        Finished("length"),
    ]
    limits = [seen.sampling.max_tokens for seen in scripted.generations if seen.prompt.stage is Stage.ARGUMENTS]
    assert limits == [16, 4]


async def test_a_limit_that_one_call_uses_up_leaves_it_at_that() -> None:
    scripted = engine(select="read", arguments=[A])
    events = await decoded(asked(READ, READ_ALL, parallel=True, max_tokens=len(A)), scripted)
    assert without_reports(events)[1:] == [ArgumentsPiece(0, A), Finished("tool_calls")]


async def test_a_call_for_which_no_context_is_left_is_not_begun() -> None:
    request = asked(READ, READ_ALL, parallel=True)
    measured = engine(select=["read", "summarize"], arguments=[A])
    await decoded(request, measured)
    room = len(measured.generations[1].prompt) + len(A) + 20
    scripted = ScriptedEngine(iter(["read", A]), max_tokens=room)
    assert without_reports(await decoded(request, scripted)) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        Finished("tool_calls"),
    ]


async def test_the_first_call_arrives_while_it_is_written_and_later_ones_whole() -> None:
    scripted = engine(select=["read", "read", "summarize"], arguments=[A, B])
    events = [event async for event in step(asked(READ, READ_ALL, parallel=True), stages_on(scripted))]
    pieces = [(event.index, event.text) for event in events if isinstance(event, ArgumentsPiece)]
    assert pieces == [*((0, character) for character in A), (1, B)]


async def test_a_flat_decode_calls_several_times_too() -> None:
    scripted = engine(
        flat=[
            f'{{"name":"read","arguments":{A}}}',
            '{"name":"x","arguments":{}}',
            '{"name":"summarize","arguments":{}}',
        ]
    )
    events = await decoded(asked(READ, Tool("x"), profile="dualtune-flat", parallel=True), scripted)
    assert without_reports(events) == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, A),
        CallStarted(1, "call_1", "x"),
        ArgumentsPiece(1, "{}"),
        Finished("tool_calls"),
    ]
