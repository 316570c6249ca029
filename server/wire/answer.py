"""Events to the answer: one encoder for SSE chunks, one for the whole. Both are pure: no clock, no network.

A property test holds that the chunks, folded by the OpenAI SDK, are the whole answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from server.decode.events import ArgumentsPiece, CallStarted, Event, Finished, StageDone, TextPiece
from server.engine.base import SampledToken, TokenLogprob
from server.wire.usage import stage_reports, usage


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all chunks of an answer share. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str
    fingerprint: str
    n: int = 1

    def wrap(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
            "service_tier": "default",
            "choices": choices,
        }


class ChunkEncoder:
    """Feed it events with the index of their choice; it gives the chunks to send."""

    def __init__(self, envelope: Envelope, *, include_usage: bool) -> None:
        self._envelope = envelope
        self._include_usage = include_usage
        self._reports: list[list[StageDone]] = [[] for _ in range(envelope.n)]
        self._opened = False
        self._silent = [True] * envelope.n

    def feed(self, index: int, event: Event) -> list[dict[str, Any]]:
        return [*self._open(), *self._encode(index, event)]

    def _open(self) -> list[dict[str, Any]]:
        """Once, the roles of all choices in their order: the SDKs find a choice by the place where it first came."""
        if self._opened:
            return []
        self._opened = True
        return [self._chunk(index, {"role": "assistant", "content": None}) for index in range(self._envelope.n)]

    def _encode(self, index: int, event: Event) -> list[dict[str, Any]]:
        silent = self._silent[index]
        self._silent[index] = silent and isinstance(event, StageDone)
        match event:
            case TextPiece(text, tokens):
                logprobs = {"content": [_token(token) for token in tokens], "refusal": None} if tokens else None
                return [self._chunk(index, {"content": text}, logprobs=logprobs)]
            case CallStarted(call, id, name):
                function = {"name": name, "arguments": ""}
                started = {"index": call, "id": id, "type": "function", "function": function}
                return [self._chunk(index, {"tool_calls": [started]})]
            case ArgumentsPiece(call, text):
                return [self._chunk(index, {"tool_calls": [{"index": call, "function": {"arguments": text}}]})]
            case StageDone():
                self._reports[index].append(event)
                return []
            case Finished(reason):
                # An answer without a token is an empty text, not none.
                chunk = self._chunk(index, {"content": ""} if silent else {}, finish=reason)
                chunk["dualtune"] = {"stages": stage_reports(index, self._reports[index])}
                return [chunk]

    def end(self) -> list[dict[str, Any]]:
        """The chunk of usage, if it was asked for. `[DONE]` is the transport's."""
        if not self._include_usage:
            return []
        return [self._envelope.wrap("chat.completion.chunk", []) | {"usage": usage(self._reports)}]

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        *,
        finish: str | None = None,
        logprobs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        chunk = self._envelope.wrap("chat.completion.chunk", [choice])
        return chunk | {"usage": None} if self._include_usage else chunk


@dataclass
class _Choice:
    text: str | None = None
    tokens: list[SampledToken] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    reports: list[StageDone] = field(default_factory=list)
    finish: str = "stop"


class WholeEncoder:
    """Feed it events with the index of their choice; `end` gives the whole answer."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._choices = [_Choice() for _ in range(envelope.n)]

    def feed(self, index: int, event: Event) -> None:
        choice = self._choices[index]
        match event:
            case TextPiece(text, tokens):
                choice.text = (choice.text or "") + text
                choice.tokens += tokens
            case CallStarted(_, id, name):
                choice.calls.append({"id": id, "type": "function", "function": {"name": name, "arguments": ""}})
            case ArgumentsPiece(call, text):
                choice.calls[call]["function"]["arguments"] += text
            case StageDone():
                choice.reports.append(event)
            case Finished(reason):
                choice.finish = reason

    def end(self) -> dict[str, Any]:
        choices = [self._choice(index, choice) for index, choice in enumerate(self._choices)]
        stages = [row for index, choice in enumerate(self._choices) for row in stage_reports(index, choice.reports)]
        return self._envelope.wrap("chat.completion", choices) | {
            "usage": usage([choice.reports for choice in self._choices]),
            "dualtune": {"stages": stages},
        }

    def _choice(self, index: int, choice: _Choice) -> dict[str, Any]:
        text = choice.text if choice.calls else choice.text or ""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        if choice.calls:
            message["tool_calls"] = choice.calls
        logprobs = {"content": [_token(token) for token in choice.tokens], "refusal": None} if choice.tokens else None
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": choice.finish}


def _token(token: SampledToken) -> dict[str, Any]:
    return _logprob(token.chosen) | {"top_logprobs": [_logprob(entry) for entry in token.top]}


def _logprob(entry: TokenLogprob) -> dict[str, Any]:
    return {"token": entry.token, "logprob": entry.logprob, "bytes": list(entry.raw)}
