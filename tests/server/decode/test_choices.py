"""Several choices of one step at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from server.decode.choices import choices
from server.decode.events import ArgumentsPiece, CallStarted, Event, Finished, StageDone, TextPiece
from server.decode.request import StepRequest
from server.engine.base import EngineUnavailable, Sampling
from server.engine.scripted import Generation, Reply, ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import asked, folded, stages_on, until
from tests.server.toy import READ, READ_ALL


def by_seed(generation: Generation) -> Reply:
    """Choices with an even seed call a tool, others answer; what they write tells their seed."""
    match generation.prompt.stage:
        case Stage.SELECT:
            return "read_all"
        case Stage.ARGUMENTS:
            return f'{{"seed":{generation.sampling.seed}}}'
        case _:
            return f"seed {generation.sampling.seed}"


async def collected(request: StepRequest, scripted: ScriptedEngine, n: int) -> list[list[Event]]:
    found: list[list[Event]] = [[] for _ in range(n)]
    async with aclosing(choices(request, stages_on(scripted), n)) as events:
        async for index, event in events:
            found[index].append(event)
    return [[event for event in folded(events) if not isinstance(event, StageDone)] for events in found]


@pytest.mark.parametrize("n", [1, 2, 5])
async def test_each_choice_has_a_seed_of_its_own(n: int) -> None:
    request = asked(sampling=Sampling(1, seed=7))
    assert await collected(request, ScriptedEngine(by_seed), n) == [
        [TextPiece(f"seed {7 + index}"), Finished("stop")] for index in range(n)
    ]


async def test_the_seeds_are_for_arguments_too() -> None:
    request = asked(READ, READ_ALL, sampling=Sampling(1, seed=7), argument_sampling=Sampling(1, seed=7))
    assert await collected(request, ScriptedEngine(by_seed), 2) == [
        [
            CallStarted(0, "call_0", "read_all"),
            ArgumentsPiece(0, f'{{"seed":{seed}}}'),
            Finished("tool_calls"),
        ]
        for seed in (7, 8)
    ]


async def test_choices_without_a_seed_stay_without() -> None:
    assert await collected(asked(), ScriptedEngine(by_seed), 2) == [[TextPiece("seed None"), Finished("stop")]] * 2


async def test_choices_are_decoded_together() -> None:
    scripted = ScriptedEngine(by_seed)
    scripted.gate.clear()
    async with aclosing(choices(asked(), stages_on(scripted), 3)) as events:
        first = asyncio.ensure_future(anext(events))
        await until(lambda: scripted.running == 3)
        scripted.gate.set()
        assert (await first)[0] in range(3)
    assert (scripted.running, scripted.aborted) == (0, 3)


async def test_the_first_failure_ends_all() -> None:
    replies: list[Reply] = ["x" * 1000, EngineUnavailable("gone"), "x" * 1000]
    scripted = ScriptedEngine(replies)
    with pytest.raises(EngineUnavailable, match="gone"):
        await collected(asked(), scripted, 3)
    assert (scripted.running, scripted.aborted) == (0, 2)


@pytest.mark.parametrize("n", [1, 3])
async def test_closing_the_stream_aborts_every_choice(n: int) -> None:
    scripted = ScriptedEngine(by_seed)
    async with aclosing(choices(asked(), stages_on(scripted), n)) as events:
        await anext(events)
    assert (scripted.running, scripted.aborted) == (0, n)
