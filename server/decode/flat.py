"""The baseline: name and arguments in one pass, with every tool's full schema in the prompt."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from server.constraints import ToolCall
from server.constraints.plan import plan
from server.decode.call import new_call_id
from server.decode.checked_text import mend
from server.decode.events import ArgumentsPiece, CallStarted, Event, StageDone
from server.decode.request import OfferedTool, StepRequest
from server.decode.stages import Stages
from server.engine.base import EngineError, Piece
from server.prompt import SUMMARIZE, Prompt, Stage


async def flat_call(request: StepRequest, stages: Stages, budget: int, index: int = 0) -> AsyncGenerator[Event, None]:
    """The events of call `index`; none of them is a `CallStarted` where no tool is needed. `budget` is in tokens."""
    offered = {_opening(tool.shown): tool for group in request.groups for tool in group.tools}
    prompt = flat_prompt(request, stages)
    sampling = replace(request.argument_sampling, max_tokens=stages.room(prompt, budget), logprobs=0)
    schemas = {tool.shown: tool.tool.parameters for tool in offered.values()}
    constraint = ToolCall(schemas, allow_none=None if request.must_call else SUMMARIZE)

    started, text, sent, logprob = time.monotonic(), "", 0, 0.0
    tool: OfferedTool | None = None
    hold = index > 0
    last: Piece | None = None
    async with aclosing(stages.engine.generate(prompt, sampling, constraint=constraint)) as pieces:
        async for last in pieces:
            text += last.text
            if tool is None:
                logprob += sum(token.chosen.logprob for token in last.tokens)
                opening = next((opening for opening in offered if text.startswith(opening)), None)
                if opening is None:
                    continue
                tool, sent = offered[opening], len(opening)
                hold = hold or not plan(tool.tool.parameters).exact
                yield CallStarted(index, new_call_id(), tool.tool.name)
            # The last character may be the brace that closes the whole object, not the arguments.
            if not hold and len(text) - 1 > sent:
                yield ArgumentsPiece(index, text[sent:-1])
                sent = len(text) - 1
    if last is None:
        raise EngineError("The engine ended without a token.")

    note = None
    whole = last.finish != "length" or _is_json(text)
    if tool is not None:
        rest = text[sent:-1] if whole else text[sent:]
        if hold and whole:
            rest, note = await asyncio.to_thread(mend, rest, tool.tool.parameters)
        if rest:
            yield ArgumentsPiece(index, rest)
    yield StageDone(
        Stage.FLAT,
        time.monotonic() - started,
        last.prompt_tokens,
        last.cached_tokens,
        last.completion_tokens,
        finish="stop" if whole else "length",
        choice=tool.shown if tool else SUMMARIZE if whole else None,
        confidence=min(1.0, math.exp(logprob)),
        note=note,
    )


def flat_prompt(request: StepRequest, stages: Stages) -> Prompt:
    """All tools, then the conversation. Public, because admission measures it."""
    tools = [replace(tool.tool, name=tool.shown) for group in request.groups for tool in group.tools]
    return stages.prompts.flat(request.messages, tools, stop=not request.must_call)


def _is_json(text: str) -> bool:
    """Whether the limit of tokens came just after the end."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _opening(name: str) -> str:
    return f'{{"name":{json.dumps(name, ensure_ascii=False)},"arguments":'
