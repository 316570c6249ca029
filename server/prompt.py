"""Every prompt of the project, for serving and for training.

A step's prompt is a list of labelled segments: the conversation first, the same for all stages, so that its KV blocks
are computed once; then the short suffix of a stage, which starts with the invocation tokens. Each segment is
tokenised by itself: boundaries in text are boundaries in tokens, an activated adapter's start is known without a
search, and loss masks follow from the labels.

    conversation                                     the base model's chat template, without tools
    <user turn> INVOCATION instruction <end>         what the stage is to do
    <assistant turn> answer <end>                    a toolset's name, a tool's name, arguments, or a summary

An activated adapter knows the conversation only by what the base model has made of it, which did not know what would
be asked. So the instruction of a stage that an adapter answers ends with the user's request and the calls made since,
to be read again, by the adapter and for its purpose; that of a summary with what the calls returned as well. That
reading twice helps is known of prompts too (arXiv 2309.06275). The router alone reads nothing again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached

from server.chat_template import ChatTemplate, call_json, compact_json
from server.conversation import Message
from toolsets import Tool

PROMPT_FORMAT = 4
"""Goes into every adapter's manifest. Raise it with any change of the text or the order of a stage's suffix."""

SUMMARIZE = "summarize"
"""What the selector answers when no further tool is needed (DualTune, section 4.3)."""

NO_TOOLSET = "none"
"""What the router answers when no toolset is needed."""


class Stage(StrEnum):
    """The decodes of a step, in their order; `FLAT` stands for route, select and arguments in one."""

    ROUTE = "route"
    SELECT = "select"
    ARGUMENTS = "arguments"
    ANSWER = "answer"
    FLAT = "flat"


INVOCATION = "Next step:"
"""The words with which the suffix of every stage starts. Their tokens, with the opening of the turn before them, are
the invocation tokens of activated adapters: the same for all stages, so that one adapter may serve several."""


LONGEST_AGAIN = 500
"""Characters of a request that a trained stage reads again."""

LONGEST_CALL = 150
"""Characters of each call that a trained stage reads again: name and path, and the beginning of a text."""

MOST_CALLS = 8
"""Calls that a trained stage reads again, the last ones."""

LONGEST_RESULT = 600
"""Characters of each result that a summary reads again, its beginning."""

LONGEST_TOLD = 1_500
"""Characters of calls and results that a summary reads again in all, the last ones."""


class Label(StrEnum):
    """What a segment is. The last four are what the model writes: loss masks are made of them."""

    CONVERSATION = "conversation"
    INVOCATION = "invocation"
    INSTRUCTION = "instruction"
    TOOLSET_NAME = "toolset_name"
    TOOL_NAME = "tool_name"
    ARGUMENTS = "arguments"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Segment:
    label: Label
    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The segment that all stages share, and what of it is read again, a line break before each part: by a stage that
    chooses the request and the calls since, by a summary also what they returned."""

    segment: Segment
    again: str
    returned: str


@dataclass(frozen=True)
class Prompt:
    """Segments in order, and the stage that they are for."""

    stage: Stage
    segments: tuple[Segment, ...]

    @property
    def ids(self) -> list[int]:
        return [token for segment in self.segments for token in segment.ids]

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)

    @property
    def invocation_start(self) -> int | None:
        """Index of the first invocation token in `ids`, or None where the stage has no invocation."""
        position = 0
        for segment in self.segments:
            if segment.label is Label.INVOCATION:
                return position
            position += len(segment.ids)
        return None

    def __len__(self) -> int:
        return sum(len(segment.ids) for segment in self.segments)


@dataclass(frozen=True, slots=True)
class ToolsetChoice:
    """A toolset as the router is shown it."""

    name: str
    description: str


class Prompts:
    """Renders prompts for one tokenizer and its chat template."""

    def __init__(self, template: ChatTemplate) -> None:
        self._template = template
        self._suffix = _remembered(template.encode)
        # A conversation is measured at admission and decoded right after; with n choices, n times.
        self._conversation = _remembered(template.encode)

    def conversation(self, messages: Sequence[Message]) -> Conversation:
        """The part that all stages share. Raises `TemplateError` where the model's template refuses the messages."""
        request, since = _request(messages)
        shared = self._shared(self._template.render(messages))
        return Conversation(shared, _lines(request, _calls(since)), _lines(request, _returned(since)))

    def least_tokens(self, messages: Sequence[Message]) -> int:
        """A bound from below on the tokens of a conversation, without tokenising it."""
        return self._template.least_tokens(sum(len(message.content) for message in messages))

    @property
    def invocation_ids(self) -> tuple[int, ...]:
        """The tokens from which on activated adapters work (`alora_invocation_tokens` of PEFT)."""
        return self._suffix(self._template.user_open + INVOCATION)

    def misfit(self, invocation: tuple[int, ...]) -> str | None:
        """Why an activated adapter with these invocation tokens would never be invoked here; None if it would."""
        if invocation in ((), self.invocation_ids):
            return None
        return (
            f"its invocation tokens {list(invocation)} are not those of this model's prompts, "
            f"{list(self.invocation_ids)}; train it again"
        )

    def route(self, conversation: Conversation, choices: Sequence[ToolsetChoice], *, described: bool = True) -> Prompt:
        """Ask for a toolset's name or `none`. `described` lists the choices; a trained router has learnt them."""
        lines = [f"- {choice.name}: {choice.description}" for choice in choices]
        body = " which toolset?"
        if described:
            body += "\n" + "\n".join(lines) + "\nAnswer with one name."
        return self._staged(Stage.ROUTE, conversation, body)

    def select(
        self, conversation: Conversation, toolset: str, tools: Sequence[Tool], *, stop: bool, described: bool
    ) -> Prompt:
        """Ask for the name of one of `tools` or, with `stop`, for `summarize`."""
        body = f" which tool of {toolset}?"
        if described:
            lines = [f"- {tool.name}: {_first_paragraph(tool.description)}" for tool in tools]
            if stop:
                lines.append(f"- {SUMMARIZE}: No further tool is needed: answer the user.")
            body += "\n" + "\n".join(lines) + "\nAnswer with one name."
        return self._staged(Stage.SELECT, conversation, body, "" if described else conversation.again)

    def arguments(self, conversation: Conversation, tool: Tool, *, described: bool) -> Prompt:
        """Ask for the arguments of `tool` as one compact JSON object."""
        body = f" which arguments for {tool.name}?"
        if described:
            body += f"\n{tool.description.strip()}\nJSON schema: {compact_json(tool.parameters)}\nAnswer with JSON."
        return self._staged(Stage.ARGUMENTS, conversation, body, "" if described else conversation.again)

    def answer(self, conversation: Conversation) -> Prompt:
        """Ask for the assistant's text, exactly as the chat template does."""
        return self._answered(Stage.ANSWER, conversation.segment)

    def summary(self, conversation: Conversation) -> Prompt:
        """Ask an adapter for the assistant's text after tools have answered; nothing else is asked so."""
        return self._staged(Stage.ANSWER, conversation, " tell the user.", conversation.returned)

    def flat(self, messages: Sequence[Message], tools: Sequence[Tool], *, stop: bool) -> Prompt:
        """Ask for name and arguments in one pass, with all tools in full before the conversation, as is usual."""
        offered = [*tools, _STOP_TOOL] if stop else list(tools)
        text = self._template.render(messages, tools=offered)
        return self._answered(Stage.FLAT, self._shared(text))

    def written(self, label: Label, text: str) -> Segment:
        """What the model is to write, as training sees it: `text` and the end of the turn."""
        return self._segment(label, text + self._template.turn_end)

    def _staged(self, stage: Stage, conversation: Conversation, body: str, again: str = "") -> Prompt:
        neutral, closing = self._template.neutral, self._template.user_close + self._template.assistant_open
        invocation = self._segment(Label.INVOCATION, self._template.user_open + INVOCATION)
        # In two: what is read again is the same for all tools, and is tokenised once.
        instruction = [self._segment(Label.INSTRUCTION, text) for text in (neutral(body), neutral(again) + closing)]
        return Prompt(stage, (conversation.segment, invocation, *instruction))

    def _answered(self, stage: Stage, conversation: Segment) -> Prompt:
        return Prompt(stage, (conversation, self._segment(Label.INSTRUCTION, self._template.assistant_open)))

    def _shared(self, text: str) -> Segment:
        return Segment(Label.CONVERSATION, text, self._conversation(text))

    def _segment(self, label: Label, text: str) -> Segment:
        return Segment(label, text, self._suffix(text))


_STOP_TOOL = Tool(
    name=SUMMARIZE,
    description="No further tool is needed: answer the user.",
    parameters={"type": "object", "properties": {}},
)


def _remembered(encode: Callable[[str], tuple[int, ...]]) -> Callable[[str], tuple[int, ...]]:
    """`encode` with a memory of a million tokens, some 40 MB, however long the texts are. For several threads."""
    memory: LRUCache[Any, tuple[int, ...]] = LRUCache(1_000_000, getsizeof=len)
    return cached(memory, lock=Lock())(encode)


def _request(messages: Sequence[Message]) -> tuple[list[str], Sequence[Message]]:
    """The last request, or nothing of a long one, which holds a text more than a wish; and what came after it."""
    asked = max((number for number, message in enumerate(messages) if message.role == "user"), default=-1)
    request = messages[asked].content.strip() if asked >= 0 else ""
    return [request] if 0 < len(request) <= LONGEST_AGAIN else [], messages[asked + 1 :]


def _calls(since: Sequence[Message]) -> list[str]:
    calls = [call for message in since for call in message.calls][-MOST_CALLS:]
    return [call_json(call)[:LONGEST_CALL] for call in calls]


def _returned(since: Sequence[Message]) -> list[str]:
    """The last calls and results that there is room for, in their order."""
    kept: list[str] = []
    room = LONGEST_TOLD
    for part in _newest_first(since):
        room -= len(part)
        if room < 0:
            break
        kept.append(part)
    return kept[::-1]


def _newest_first(since: Sequence[Message]) -> Iterator[str]:
    """Calls and results as a summary reads them, only made as far as they are asked for."""
    for message in reversed(since):
        if message.role == "tool":
            text = message.content.strip()
            yield text if len(text) <= LONGEST_RESULT else f"{text[:LONGEST_RESULT]} ..."
        else:
            yield from reversed(_calls([message]))


def _lines(request: Sequence[str], parts: Sequence[str]) -> str:
    return "".join(f"\n{part}" for part in (*request, *parts))


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n", 1)[0].split())
