"""A client that goes away costs nothing more, whatever stage its request is in."""

from __future__ import annotations

import asyncio

import pytest

from server.decode.events import Event
from server.decode.request import StepRequest
from server.decode.step import step
from server.engine.base import EngineUnavailable
from server.engine.scripted import Generation, ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import asked, stages_on, until
from tests.server.toy import ODD, READ, READ_ALL, SEND

REPLIES = {
    Stage.ROUTE: "files",
    Stage.SELECT: "read",
    Stage.ARGUMENTS: '{"path":"a"}',
    Stage.ANSWER: "Hello.",
    Stage.FLAT: '{"name":"read","arguments":{"path":"a"}}',
}
STEPS = {
    "route": (Stage.ROUTE, asked(READ, READ_ALL, SEND)),
    "select": (Stage.SELECT, asked(READ, READ_ALL, SEND)),
    "arguments": (Stage.ARGUMENTS, asked(READ, READ_ALL, SEND)),
    "held arguments": (Stage.ARGUMENTS, asked(ODD, must_call=True)),
    "parallel arguments": (Stage.ARGUMENTS, asked(READ, READ_ALL, SEND, parallel=True)),
    "answer": (Stage.ANSWER, asked()),
    "flat": (Stage.FLAT, asked(READ, READ_ALL, profile="dualtune-flat")),
}


class StandsStill(ScriptedEngine):
    """Its gate closes as the generation of one stage begins; `standing` tells when."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(self._reply)
        self._stage = stage
        self.standing = asyncio.Event()

    def _reply(self, generation: Generation) -> str:
        if generation.prompt.stage is self._stage:
            self.gate.clear()
            self.standing.set()
        return REPLIES[generation.prompt.stage]


async def drained(request: StepRequest, scripted: ScriptedEngine) -> list[Event]:
    return [event async for event in step(request, stages_on(scripted))]


@pytest.mark.parametrize("name", STEPS)
async def test_a_step_that_is_cancelled_aborts_its_generation(name: str) -> None:
    stage, request = STEPS[name]
    scripted = StandsStill(stage)
    task = asyncio.create_task(drained(request, scripted))
    async with asyncio.timeout(10):
        await scripted.standing.wait()
        await until(lambda: scripted.running == 1)
        before = scripted.aborted
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (scripted.running, scripted.aborted) == (0, before + 1)


@pytest.mark.parametrize("name", STEPS)
async def test_a_step_that_is_closed_between_events_aborts_its_generation(name: str) -> None:
    _, request = STEPS[name]
    whole = len(await drained(request, ScriptedEngine(lambda generation: REPLIES[generation.prompt.stage])))
    for stop in range(1, whole):
        scripted = ScriptedEngine(lambda generation: REPLIES[generation.prompt.stage])
        events = step(request, stages_on(scripted))
        for _ in range(stop):
            await anext(events)
        await events.aclose()
        assert scripted.running == 0


@pytest.mark.parametrize("name", STEPS)
async def test_the_death_of_the_engine_ends_the_step_at_any_stage(name: str) -> None:
    stage, request = STEPS[name]

    def reply(generation: Generation) -> str | EngineUnavailable:
        return EngineUnavailable("died") if generation.prompt.stage is stage else REPLIES[generation.prompt.stage]

    scripted = ScriptedEngine(reply)
    with pytest.raises(EngineUnavailable, match="died"):
        await drained(request, scripted)
    assert scripted.running == 0
