"""The decodes of a step, one method each, on an engine, the prompts and the adapters."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from adapters import Adapter, Role, Store
from server.constraints import Choice, Constraint, JsonSchema
from server.constraints.blank_lines import BlankLines
from server.constraints.completion import Completion
from server.constraints.schema import takes_nothing
from server.conversation import said, tool_answered
from server.decode.checked_text import CheckedText
from server.decode.events import ArgumentsPiece, Event, StageDone, TextPiece
from server.decode.request import AdapterUse, OfferedTool, StepRequest, ToolGroup
from server.engine.base import Engine, EngineError, Sampling
from server.prompt import NO_TOOLSET, SUMMARIZE, Conversation, Prompt, Prompts, Stage, ToolsetChoice

_CHOOSING = Sampling(max_tokens=128, logprobs=0)
"""Choices are classified, not sampled: greedy, whatever the client's temperature."""


class Stages:
    """Binds what a stage needs. `store` is None where no adapters are served."""

    def __init__(self, engine: Engine, prompts: Prompts, store: Store | None) -> None:
        self.engine = engine
        self.prompts = prompts
        self._store = store

    async def route(self, conversation: Conversation, request: StepRequest) -> StageDone:
        """Pick a group by name, or `none` where no tool may be needed."""
        adapter, note = self.router(request)
        prompt = self.route_prompt(conversation, request, described=adapter is None)
        options = [group.name for group in request.groups]
        done = await self._choose(prompt, [*options, NO_TOOLSET] if _may_need_none(request) else options, adapter)
        return replace(done, note=note)

    async def select(self, conversation: Conversation, group: ToolGroup, request: StepRequest) -> StageDone:
        """Pick a tool of `group` by name, or `summarize` where the step need not call."""
        adapter, note = self.selector(group, request.profile.adapters)
        prompt = self.select_prompt(conversation, group, request, described=adapter is None)
        options = [offered.shown for offered in group.tools]
        done = await self._choose(prompt, options if request.must_call else [*options, SUMMARIZE], adapter)
        return replace(done, note=note)

    async def arguments(
        self,
        conversation: Conversation,
        group: ToolGroup,
        offered: OfferedTool,
        request: StepRequest,
        *,
        index: int,
        budget: int,
    ) -> AsyncGenerator[Event, None]:
        """Write the arguments of call `index` in pieces of JSON that follows the tool's schema, then report.

        `budget` is in tokens. All calls after the first come in one piece: the step compares them with those before.
        Of a tool that takes no arguments there is nothing to decode.
        """
        if takes_nothing(offered.tool.parameters):
            yield ArgumentsPiece(index, "{}")
            yield StageDone(Stage.ARGUMENTS, 0.0, 0, 0, 0, choice=offered.shown)
            return
        adapter, note = self.argument_adapter(group, offered, request.profile.adapters)
        prompt = self.arguments_prompt(conversation, group, offered, described=adapter is None)
        copied = adapter.manifest.copied if adapter else ()
        constraint = JsonSchema(offered.tool.parameters, copied, said(request.messages) if copied else "")
        text = CheckedText(self.engine, constraint, hold=index > 0)
        sampling = replace(request.argument_sampling, max_tokens=self.room(prompt, budget))
        started = time.monotonic()
        completion, blank_lines = Completion(constraint), BlankLines(constraint.schema)
        async with aclosing(text.write(prompt, sampling, adapter)) as pieces:
            async for piece in pieces:
                if written := blank_lines.feed(completion.feed(piece.text)):
                    yield ArgumentsPiece(index, written)
                if completion.is_endless:
                    break
        rest = blank_lines.feed(completion.rest()) + blank_lines.rest()
        done = text.report(Stage.ARGUMENTS, started, choice=offered.shown, adapter=adapter, note=note)
        if done.finish == "length" and (end := await asyncio.to_thread(blank_lines.end)):
            rest, done = end, replace(done, finish="stop")
        if rest:
            yield ArgumentsPiece(index, rest)
        yield done

    async def answer(self, request: StepRequest, budget: int) -> AsyncGenerator[Event, None]:
        """Write the assistant's text, then the stage's report.

        The base model writes it, or, where a toolset's tool has just answered, the adapter that has learnt to say so:
        it repeats what was returned, and so is greedy, as arguments are, unless the client asks for a temperature.
        """
        adapter = self.summarizer(request)
        prompt = self.answer_prompt(self.prompts.conversation(request.messages), summary=adapter is not None)
        drawn = request.argument_sampling if adapter else request.sampling
        sampling = replace(request.sampling, temperature=drawn.temperature, max_tokens=self.room(prompt, budget))
        text = CheckedText(self.engine, request.answer_format)
        started = time.monotonic()
        async with aclosing(text.write(prompt, sampling, adapter)) as pieces:
            async for piece in pieces:
                if piece.text or piece.tokens:
                    yield TextPiece(piece.text, piece.tokens if sampling.logprobs is not None else ())
        yield text.report(Stage.ANSWER, started, adapter=adapter)

    # What each stage is asked. Public, because admission measures the prompts before anything is decoded.

    def route_prompt(self, conversation: Conversation, request: StepRequest, *, described: bool) -> Prompt:
        choices = [ToolsetChoice(group.name, group.description) for group in request.groups]
        if _may_need_none(request):
            choices.append(ToolsetChoice(NO_TOOLSET, "No tool is needed: answer the user."))
        return self.prompts.route(conversation, choices, described=described)

    def select_prompt(
        self, conversation: Conversation, group: ToolGroup, request: StepRequest, *, described: bool
    ) -> Prompt:
        tools = [replace(offered.tool, name=offered.shown) for offered in group.tools]
        return self.prompts.select(conversation, group.name, tools, stop=not request.must_call, described=described)

    def arguments_prompt(
        self, conversation: Conversation, group: ToolGroup, offered: OfferedTool, *, described: bool
    ) -> Prompt:
        tool = replace(offered.tool, name=offered.shown)
        return self.prompts.arguments(conversation, tool, described=described)

    def answer_prompt(self, conversation: Conversation, *, summary: bool) -> Prompt:
        return self.prompts.summary(conversation) if summary else self.prompts.answer(conversation)

    def room(self, prompt: Prompt, budget: int) -> int:
        """Tokens that a stage may write: what is left of `budget` and of the context after `prompt`."""
        return max(1, min(budget, self.engine.model.max_tokens - len(prompt)))

    # Which adapter a stage uses and, where one was passed over, why.

    def router(self, request: StepRequest) -> tuple[Adapter | None, str | None]:
        """Its prompt describes nothing, so it must have learnt every toolset that is offered."""
        if any(group.toolset is None for group in request.groups):
            return None, None  # no adapter has learnt what the client's own tools are for
        adapter = self._adapter(request.profile.adapters, Role.ROUTER)
        offered = {group.toolset.name for group in request.groups if group.toolset is not None}
        if adapter is None or not (unknown := offered.difference(adapter.manifest.toolsets)):
            return adapter, None
        return None, f"{adapter.name} has not learnt the toolset {min(unknown)}"

    def selector(self, group: ToolGroup, use: AdapterUse) -> tuple[Adapter | None, str | None]:
        if group.toolset is None:
            return None, None
        role = Role.TRADITIONAL if use == "traditional" else Role.SELECTOR
        return _trained_for(group.toolset.digest, self._adapter(use, role, group.toolset.name), "other tools")

    def argument_adapter(
        self, group: ToolGroup, offered: OfferedTool, use: AdapterUse
    ) -> tuple[Adapter | None, str | None]:
        if group.toolset is None or offered.trained is None:
            return None, None
        if use == "traditional":
            adapter, note = self.selector(group, use)
            if adapter is None or offered.same_schema:
                return adapter, note
            return None, f"{adapter.name} was trained for another schema of this tool"
        adapter = self._adapter(use, Role.ARGUMENTS, group.toolset.name, offered.trained.name)
        # The adapter knows the tool by its own name, whatever prefix the client has put before it.
        return _trained_for(offered.tool.digest_as(offered.trained.name), adapter, "another schema of this tool")

    def summarizer(self, request: StepRequest) -> Adapter | None:
        """Whatever the tools' schemas are now: what it has learnt is to repeat what they return."""
        last = request.messages[-1]
        if not tool_answered(request.messages) or request.answer_format is not None:
            return None
        for group in request.groups:
            if group.toolset is not None and any(offered.tool.name == last.name for offered in group.tools):
                return self._adapter(request.profile.adapters, Role.SUMMARY, group.toolset.name)
        return None

    def _adapter(
        self, use: AdapterUse, role: Role, toolset: str | None = None, tool: str | None = None
    ) -> Adapter | None:
        if use == "none" or self._store is None or (use == "traditional" and role is not Role.TRADITIONAL):
            return None
        return self._store.find(role, toolset, tool)

    async def _choose(self, prompt: Prompt, options: Sequence[str], adapter: Adapter | None) -> StageDone:
        """One of `options`, decoded greedily under a grammar of them.

        Stops as soon as only one can still come: the rest of its tokens are certain.
        """
        if len(options) == 1:
            return StageDone(prompt.stage, 0.0, 0, 0, 0, choice=options[0], confidence=1.0)
        started, text, logprob, last = time.monotonic(), "", 0.0, None
        constraint: Constraint = Choice(tuple(options))
        generation = self.engine.generate(prompt, _CHOOSING, constraint=constraint, adapter=adapter)
        async with aclosing(generation) as pieces:
            async for last in pieces:
                text += last.text
                logprob += sum(token.chosen.logprob for token in last.tokens)
                if text and sum(option.startswith(text) for option in options) == 1:
                    break
        possible = [option for option in options if option.startswith(text)]
        chosen = text if text in possible else possible[0] if len(possible) == 1 else None
        if chosen is None or last is None:
            raise EngineError(f"The {prompt.stage} stage gave {text!r}, which is none of its choices.")
        return StageDone(
            prompt.stage,
            time.monotonic() - started,
            last.prompt_tokens,
            last.cached_tokens,
            last.completion_tokens,
            choice=chosen,
            confidence=min(1.0, math.exp(logprob)),
            adapter=adapter.name if adapter else None,
        )


def _may_need_none(request: StepRequest) -> bool:
    """Whether the router may say so. Once a tool has answered, its toolset's selector knows best when all is done."""
    return not request.must_call and not tool_answered(request.messages)


def _trained_for(digest: str, adapter: Adapter | None, other: str) -> tuple[Adapter | None, str | None]:
    """`adapter`; or none and a note, where the tools that it was trained for have another digest."""
    if adapter is None or adapter.manifest.tools_digest == digest:
        return adapter, None
    return None, f"{adapter.name} was trained for {other}"
