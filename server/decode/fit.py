"""Does a step fit the context? Asked before anything is decoded or sent."""

from __future__ import annotations

from collections.abc import Iterator

from server.constraints.schema import takes_nothing
from server.decode.flat import flat_prompt
from server.decode.request import StepRequest
from server.decode.stages import Stages
from server.prompt import Prompt

LEAST_ROOM = 16
"""Tokens that a stage must be able to write for its prompt to make sense."""


class ContextOverflow(ValueError):
    """The step needs more than the model's context. Counts are in tokens."""

    def __init__(self, limit: int, prompt: int, wanted: int) -> None:
        super().__init__(f"{prompt} + {wanted} tokens do not fit {limit}")
        self.limit = limit
        self.prompt = prompt
        self.wanted = wanted


def check_fits(request: StepRequest, stages: Stages) -> None:
    """Raises `ContextOverflow` if the longest prompt that any stage could have leaves too little room.

    What the client asks for (`max_tokens`) must fit beside the conversation; stages with longer prompts write less.
    Tokenising a long conversation takes a while: run this in a thread.
    """
    limit = stages.engine.model.max_tokens
    least = stages.prompts.least_tokens(request.messages)
    if least > limit:
        raise ContextOverflow(limit, least, LEAST_ROOM)
    summary = stages.summarizer(request) is not None
    answer = stages.answer_prompt(stages.prompts.conversation(request.messages), summary=summary)
    wanted = request.max_tokens or LEAST_ROOM
    if len(answer) + wanted > limit:
        raise ContextOverflow(limit, len(answer), wanted)
    for prompt in _tool_prompts(request, stages):
        if len(prompt) + LEAST_ROOM > limit:
            raise ContextOverflow(limit, len(prompt), LEAST_ROOM)


def _tool_prompts(request: StepRequest, stages: Stages) -> Iterator[Prompt]:
    if not request.groups:
        return
    if request.profile.decode == "flat":
        yield flat_prompt(request, stages)
        return
    conversation = stages.prompts.conversation(request.messages)
    use = request.profile.adapters
    if len(request.groups) > 1:
        yield stages.route_prompt(conversation, request, described=stages.router(request)[0] is None)
    for group in request.groups:
        adapter, _ = stages.selector(group, use)
        yield stages.select_prompt(conversation, group, request, described=adapter is None)
        for offered in group.tools:
            if takes_nothing(offered.tool.parameters):
                continue
            adapter, _ = stages.argument_adapter(group, offered, use)
            yield stages.arguments_prompt(conversation, group, offered, described=adapter is None)
