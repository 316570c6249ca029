"""A tool call in three stages: route, select, arguments."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from server.decode.events import CallStarted, Event
from server.decode.request import StepRequest
from server.decode.stages import Stages


async def staged_call(request: StepRequest, stages: Stages, budget: int, index: int = 0) -> AsyncGenerator[Event, None]:
    """The events of call `index`; none of them is a `CallStarted` where no tool is needed. `budget` is in tokens."""
    conversation = stages.prompts.conversation(request.messages)

    group = request.groups[0]
    if len(request.groups) > 1:
        routed = await stages.route(conversation, request)
        yield routed
        chosen = [group for group in request.groups if group.name == routed.choice]
        if not chosen:
            return
        group = chosen[0]

    selected = await stages.select(conversation, group, request)
    yield selected
    tool = next((offered for offered in group.tools if offered.shown == selected.choice), None)
    if tool is None:
        return

    yield CallStarted(index, new_call_id(), tool.tool.name)
    arguments = stages.arguments(conversation, group, tool, request, index=index, budget=budget)
    async with aclosing(arguments) as events:
        async for event in events:
            yield event


def new_call_id() -> str:
    """Unique without a counter that a restart would set back."""
    return f"call_{secrets.token_hex(12)}"
