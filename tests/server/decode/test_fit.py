"""Whether a step fits the context, asked before anything is decoded."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import pytest

from server.conversation import Message
from server.decode.fit import LEAST_ROOM, ContextOverflow, check_fits
from server.decode.request import StepRequest
from server.engine.base import EngineUnavailable
from server.engine.scripted import ScriptedEngine
from tests.server.decoding import asked, decoded, stages_on
from tests.server.toy import ADAPTERS, ADD, READ, READ_ALL, SEND, ToyStore, engine
from toolsets import Tool

LONG = Tool("long", "x" * 500)
STORE = ToyStore(loaded=ADAPTERS)


def smallest_limit(request: StepRequest, store: ToyStore | None = None) -> int:
    """The least context in which the step fits, by trying."""

    def fits(limit: int) -> bool:
        try:
            check_fits(request, stages_on(ScriptedEngine([], max_tokens=limit), store))
        except ContextOverflow as error:
            assert error.limit == limit < error.prompt + error.wanted
            return False
        return True

    low, high = 1, 100_000
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


async def test_plain_chat_needs_its_prompt_and_what_the_client_asks_for() -> None:
    scripted = ScriptedEngine(["Hi."])
    await decoded(asked(), scripted)
    prompt = len(scripted.generations[0].prompt)
    assert [smallest_limit(asked()), smallest_limit(asked(max_tokens=100))] == [prompt + LEAST_ROOM, prompt + 100]


@pytest.mark.parametrize("tools", [[READ, READ_ALL, SEND, ADD], [READ, LONG]])
async def test_every_prompt_that_a_stage_could_have_is_measured(tools: list[Tool]) -> None:
    """The limit is that of the longest prompt, whichever way the step goes."""
    request = asked(*tools)
    prompts = []
    for group in request.groups:
        for offered in group.tools:
            scripted = engine(route=group.name, select=offered.shown, arguments="{}")
            await decoded(request, scripted)
            prompts += [len(seen.prompt) for seen in scripted.generations]
    assert smallest_limit(request) == max(prompts) + LEAST_ROOM


async def test_a_flat_decode_needs_room_for_all_tools() -> None:
    request = asked(READ, SEND, LONG, profile="dualtune-flat")
    scripted = ScriptedEngine(['{"name":"long","arguments":{}}'])
    await decoded(request, scripted)
    assert smallest_limit(request) == len(scripted.generations[0].prompt) + LEAST_ROOM


def test_a_conversation_that_is_far_too_long_is_not_even_tokenised() -> None:
    longest = len("<|im_start|>")
    messages = tuple(Message("user", "x" * length) for length in (100, longest * 400))
    stages = stages_on(ScriptedEngine([], max_tokens=400))
    encode = Mock(wraps=stages.prompts._template.encode)
    with pytest.raises(ContextOverflow) as caught, patch.object(stages.prompts, "_conversation", encode):
        check_fits(asked(messages=messages), stages)
    assert (caught.value.limit, caught.value.prompt, encode.call_count) == (400, 408, 0)


def test_trained_stages_need_less() -> None:
    assert smallest_limit(asked(READ), STORE) < smallest_limit(asked(READ))


def test_an_engine_that_is_not_up_is_said_to_be_so() -> None:
    class Loading(ScriptedEngine):
        @property
        def model(self) -> Any:
            raise EngineUnavailable("loading")

    with pytest.raises(EngineUnavailable, match="loading"):
        check_fits(asked(messages=(Message("user", "x"),)), stages_on(Loading([])))
