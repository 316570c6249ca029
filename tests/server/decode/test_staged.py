"""A step in three stages, and what each is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.constraints import Choice, JsonSchema
from server.conversation import Call, Message
from server.decode.events import ArgumentsPiece, CallStarted, Finished, StageDone, TextPiece
from server.decode.menu import only_named
from server.engine.base import EngineError, SampledToken, Sampling, TokenLogprob
from server.engine.scripted import ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import EVEN, asked, certain, chosen, decoded, wrote
from tests.server.toy import ADD, PING, READ, READ_ALL, SEND, engine
from toolsets import Tool

ALL = (READ, READ_ALL, SEND)


async def test_a_call_is_routed_selected_and_filled_in() -> None:
    scripted = engine(route="files", select="read", arguments='{"path":"a"}')
    assert await decoded(asked(*ALL), scripted) == [
        chosen(scripted, 0, "files", 1),
        chosen(scripted, 1, "read", 4),
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, '{"path":"a"}'),
        wrote(scripted, 2, 12, choice="read"),
        Finished("tool_calls"),
    ]
    assert [(seen.prompt.stage, seen.constraint) for seen in scripted.generations] == [
        (Stage.ROUTE, Choice(("files", "mail", "none"))),
        (Stage.SELECT, Choice(("read", "read_all", "summarize"))),
        (Stage.ARGUMENTS, JsonSchema(READ.parameters)),
    ]


async def test_routing_is_skipped_where_one_toolset_is_left() -> None:
    scripted = engine(select="read_all", arguments="{}")
    assert await decoded(asked(READ, READ_ALL), scripted) == [
        chosen(scripted, 0, "read_all", 5),
        CallStarted(0, "call_0", "read_all"),
        ArgumentsPiece(0, "{}"),
        wrote(scripted, 1, 2, choice="read_all"),
        Finished("tool_calls"),
    ]


async def test_no_toolset_leads_to_text() -> None:
    scripted = engine(route="none", answer="Hi.")
    assert await decoded(asked(*ALL), scripted) == [
        chosen(scripted, 0, "none", 1),
        TextPiece("Hi."),
        wrote(scripted, 1, 3),
        Finished("stop"),
    ]


async def test_summarize_leads_to_text() -> None:
    scripted = engine(route="mail", select="summarize", answer="Sent.")
    assert await decoded(asked(*ALL), scripted) == [
        chosen(scripted, 0, "mail", 1),
        chosen(scripted, 1, "summarize", 2),
        TextPiece("Sent."),
        wrote(scripted, 2, 5),
        Finished("stop"),
    ]


async def test_once_a_tool_has_answered_only_the_selector_can_say_that_all_is_done() -> None:
    scripted = engine(route="files", select="summarize", answer="It says hello.")
    history = (
        Message("user", "What does a say?"),
        Message("assistant", "", calls=(Call("c1", "read", '{"path":"a"}'),)),
        Message("tool", "hello", call_id="c1", name="read"),
    )
    await decoded(replace(asked(*ALL), messages=history), scripted)
    assert [seen.constraint for seen in scripted.generations[:2]] == [
        Choice(("files", "mail")),
        Choice(("read", "read_all", "summarize")),
    ]
    assert "- none:" not in scripted.generations[0].prompt.text
    scripted = engine(route="none", answer="You are welcome.")
    await decoded(replace(asked(*ALL), messages=(*history, Message("user", "Thanks."))), scripted)
    assert scripted.generations[0].constraint == Choice(("files", "mail", "none"))
    assert "- none:" in scripted.generations[0].prompt.text


async def test_a_required_call_is_offered_no_way_out() -> None:
    scripted = engine(route="files", select="read", arguments="{}")
    await decoded(asked(*ALL, must_call=True), scripted)
    assert [seen.constraint for seen in scripted.generations[:2]] == [
        Choice(("files", "mail")),
        Choice(("read", "read_all")),
    ]
    assert not any(word in seen.prompt.text for seen in scripted.generations for word in ("summarize", "none:"))


async def test_a_named_call_goes_straight_to_its_arguments_and_ends_with_stop() -> None:
    scripted = engine(arguments='{"to":"a"}')
    request = asked(*ALL, must_call=True, named=True)
    request = replace(request, groups=only_named(request.groups, frozenset(["send"])))
    assert await decoded(request, scripted) == [
        certain(Stage.SELECT, "send"),
        CallStarted(0, "call_0", "send"),
        ArgumentsPiece(0, '{"to":"a"}'),
        wrote(scripted, 0, 10, choice="send"),
        Finished("stop"),
    ]


async def test_for_a_tool_that_takes_no_arguments_none_are_decoded() -> None:
    scripted = engine(select="ping")
    assert await decoded(asked(PING, ADD), scripted) == [
        chosen(scripted, 0, "ping", 1),
        CallStarted(0, "call_0", "ping"),
        ArgumentsPiece(0, "{}"),
        StageDone(Stage.ARGUMENTS, 0.0, 0, 0, 0, choice="ping"),
        Finished("tool_calls"),
    ]


async def test_tools_that_are_not_allowed_are_not_offered() -> None:
    scripted = engine(route="files", select="read_all", arguments="{}")
    request = asked(*ALL, ADD)
    request = replace(request, groups=only_named(request.groups, frozenset(["read_all", "add"])))
    await decoded(request, scripted)
    assert [seen.constraint for seen in scripted.generations] == [
        Choice(("files", "tools", "none")),
        Choice(("read_all", "summarize")),
        JsonSchema(READ_ALL.parameters),
    ]
    assert not any(name in seen.prompt.text for seen in scripted.generations for name in ("send", "read:", "mail"))


async def test_the_client_is_told_its_own_name_of_a_tool_and_the_model_the_bare_one() -> None:
    prefixed = Tool("files__read", READ.description, READ.parameters)
    scripted = engine(select="read", arguments='{"path":"a"}')
    events = await decoded(asked(prefixed), scripted)
    assert CallStarted(0, "call_0", "files__read") in events
    assert not any("files__read" in seen.prompt.text for seen in scripted.generations)


async def test_a_conversation_without_tools_is_plain_chat() -> None:
    scripted = engine(answer="Hi.")
    sampling = Sampling(1, temperature=0.7, stop=("x",), logprobs=1)
    even = TokenLogprob(".", EVEN, b".")
    events = await decoded(asked(sampling=sampling, max_tokens=9), scripted)
    assert [type(event) for event in events] == [TextPiece, type(wrote(scripted, 0, 3)), Finished]
    text = events[0]
    assert isinstance(text, TextPiece)
    assert (text.text, len(text.tokens), text.tokens[2]) == ("Hi.", 3, SampledToken(even, (even,)))
    assert [(seen.sampling, seen.constraint, seen.adapter) for seen in scripted.generations] == [
        (replace(sampling, max_tokens=9), None, None)
    ]


async def test_log_probabilities_that_nobody_asked_for_are_not_told() -> None:
    assert (await decoded(asked(), engine(answer="Hi.")))[0] == TextPiece("Hi.", ())


async def test_choices_are_greedy_and_arguments_as_the_client_asks() -> None:
    scripted = engine(route="files", select="read", arguments="{}")
    prose, arguments = Sampling(1, temperature=1.5, seed=3), Sampling(1, temperature=0.5, seed=3)
    await decoded(asked(*ALL, sampling=prose, argument_sampling=arguments, max_tokens=50), scripted)
    greedy = Sampling(max_tokens=128, logprobs=0)
    assert [seen.sampling for seen in scripted.generations] == [greedy, greedy, replace(arguments, max_tokens=50)]


async def test_an_answer_in_a_format_is_constrained_to_its_schema() -> None:
    wanted = JsonSchema(READ.parameters)
    scripted = engine(answer='{"path":"a"}')
    assert (await decoded(asked(answer_format=wanted), scripted))[0] == TextPiece('{"path":"a"}')
    assert scripted.generations[0].constraint == wanted


async def test_a_choice_is_over_as_soon_as_only_one_can_still_come() -> None:
    scripted = engine(route="files", select="summarize", answer="Hi.")
    await decoded(asked(*ALL), scripted)
    assert (scripted.aborted, scripted.running) == (2, 0)


@pytest.mark.parametrize("reply", ["", "rea", "write"])
async def test_a_choice_that_was_not_offered_is_an_error(reply: str) -> None:
    with pytest.raises(EngineError, match=f"select stage gave '{reply}'"):
        await decoded(asked(READ, READ_ALL), engine(select=reply))


async def test_arguments_that_reach_the_clients_limit_end_with_length() -> None:
    scripted = engine(route="files", select="read", arguments='{"path":"a"}')
    events = await decoded(asked(*ALL, max_tokens=4), scripted)
    assert events[2:] == [
        CallStarted(0, "call_0", "read"),
        ArgumentsPiece(0, '{"pa'),
        wrote(scripted, 2, 4, finish="length", choice="read"),
        Finished("length"),
    ]


async def test_text_that_reaches_the_clients_limit_ends_with_length() -> None:
    scripted = engine(answer="Hello")
    assert await decoded(asked(max_tokens=4), scripted) == [
        TextPiece("Hell"),
        wrote(scripted, 0, 4, finish="length"),
        Finished("length"),
    ]


async def test_no_stage_may_write_beyond_the_context() -> None:
    scripted = engine(answer="Hi.")
    await decoded(asked(), scripted)
    prompt = len(scripted.generations[0].prompt)
    small = ScriptedEngine(["Hi."], max_tokens=prompt + 20)
    await decoded(asked(max_tokens=500), small)
    assert small.generations[0].sampling.max_tokens == 20


async def test_the_conversation_is_the_same_for_every_stage() -> None:
    scripted = engine(route="files", select="summarize", answer="Hi.")
    await decoded(asked(*ALL, messages=(Message("system", "Rules."), Message("user", "Hello"))), scripted)
    assert len({seen.prompt.segments[0] for seen in scripted.generations}) == 1
