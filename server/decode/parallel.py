"""Several calls in one step: the stages again and again, each time with the calls before in view."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import replace

from server.conversation import Call, Message
from server.decode.call import staged_call
from server.decode.events import ArgumentsPiece, CallStarted, Event, StageDone
from server.decode.fit import ContextOverflow, check_fits
from server.decode.flat import flat_call
from server.decode.menu import shown_names
from server.decode.request import StepRequest
from server.decode.stages import Stages

MAX_CALLS = 8
"""A bound on what a small model that never stops can cost."""


async def parallel_calls(request: StepRequest, stages: Stages, budget: int) -> AsyncGenerator[Event, None]:
    """Up to `MAX_CALLS` calls, in order, until the model stops or repeats itself. `budget` is in tokens, for all."""
    one_call = flat_call if request.profile.decode == "flat" else staged_call
    names = shown_names(request.groups)
    calls: list[Call] = []
    while len(calls) < MAX_CALLS and budget > 0:
        following = _after(request, calls)
        if calls and not _fits(following, stages):
            return
        events: list[Event] = []
        async with aclosing(one_call(following, stages, budget, len(calls))) as stream:
            async for event in stream:
                events.append(event)
                # The first call is passed on as it comes; a later one waits until it is known to be new.
                if not calls or isinstance(event, StageDone):
                    yield event
        call = _call_of(events, names)
        if call is None or any((call.name, call.arguments) == (past.name, past.arguments) for past in calls):
            return
        if calls:
            for event in events:
                if not isinstance(event, StageDone):
                    yield event
        calls.append(call)
        last = events[-1]
        if not isinstance(last, StageDone) or last.finish == "length":
            return
        budget -= last.completion_tokens


def _after(request: StepRequest, calls: list[Call]) -> StepRequest:
    """The same step once `calls` are made: it may now end without a further one."""
    if not calls:
        return request
    turn = Message("assistant", "", calls=tuple(calls))
    return replace(request, must_call=False, messages=(*request.messages, turn))


def _fits(request: StepRequest, stages: Stages) -> bool:
    """The first call was admitted; the ones before may have filled the context since."""
    try:
        check_fits(replace(request, max_tokens=None), stages)
    except ContextOverflow:
        return False
    return True


def _call_of(events: Iterable[Event], names: dict[str, str]) -> Call | None:
    started = next((event for event in events if isinstance(event, CallStarted)), None)
    if started is None:
        return None
    arguments = "".join(event.text for event in events if isinstance(event, ArgumentsPiece))
    return Call(started.id, names[started.name], arguments)
