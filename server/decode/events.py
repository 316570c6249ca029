"""What a decode yields. The encoders of `server.wire` fold these into SSE chunks or into one whole answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.engine.base import FinishReason, SampledToken
from server.prompt import Stage

StepFinish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A part of the assistant's text."""

    text: str
    tokens: tuple[SampledToken, ...] = ()


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A tool call begins; the pieces of its arguments follow before any other call begins."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ArgumentsPiece:
    """A part of the JSON text of the arguments of call `index`."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class StageDone:
    """One decode of the step is over.

    `choice` and `confidence` (the probability of the choice among those allowed, 0 to 1) are set where the stage
    chooses. `adapter` is the adapter's name, None for the base model. Times are seconds; token counts are this stage's.
    """

    stage: Stage
    seconds: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    finish: FinishReason = "stop"
    choice: str | None = None
    confidence: float | None = None
    adapter: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a step."""

    reason: StepFinish


Event = TextPiece | CallStarted | ArgumentsPiece | StageDone | Finished
