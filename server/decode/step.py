"""One step of an agent: a tool call in three stages, or the final answer, as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from server.decode.call import staged_call
from server.decode.events import CallStarted, Event, Finished, StageDone, StepFinish
from server.decode.flat import flat_call
from server.decode.parallel import parallel_calls
from server.decode.request import StepRequest
from server.decode.stages import Stages
from server.engine.base import FinishReason


async def step(request: StepRequest, stages: Stages) -> AsyncGenerator[Event, None]:
    """Decode one step: a tool call (several with `parallel`), or else text. Close the generator to abort it.

    Raises `EngineUnavailable` when the engine dies, `UnsatisfiableSchema` when no valid JSON was found.
    """
    budget = request.max_tokens or stages.engine.model.max_tokens
    one_call = flat_call if request.profile.decode == "flat" else staged_call
    called = False
    finish: FinishReason = "stop"

    if request.groups:
        calls = parallel_calls if request.parallel else one_call
        async with aclosing(calls(request, stages, budget)) as events:
            async for event in events:
                called = called or isinstance(event, CallStarted)
                finish = event.finish if isinstance(event, StageDone) else finish
                yield event

    # A flat decode may use up all tokens before it has said which tool.
    if not called and finish != "length":
        async with aclosing(stages.answer(request, budget)) as events:
            async for event in events:
                finish = event.finish if isinstance(event, StageDone) else finish
                yield event

    # OpenAI ends a call that the client named with `stop`.
    ended: StepFinish = "tool_calls" if called and not request.named else "stop"
    yield Finished("length" if finish == "length" else ended)
