"""The seam between the decode and whatever generates tokens.

Everything here is a frozen value or a protocol: no engine is imported, and nothing here knows HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from adapters import Adapter
from server.constraints import Constraint
from server.prompt import Prompt

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. `temperature` 0 is greedy; `max_tokens` counts generated tokens."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: Mapping[int, float] | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int | None = None
    """Alternatives reported for each token; 0 reports the chosen token alone, None nothing."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token, the bytes it stands for, and its natural log-probability."""

    token: str
    logprob: float
    raw: bytes


@dataclass(frozen=True, slots=True)
class SampledToken:
    """A generated token with the alternatives that were asked for, most likely first."""

    chosen: TokenLogprob
    top: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What an engine yields: new text and, in the last piece, why it ended.

    `cached_tokens` of `prompt_tokens` were found in the prefix cache. `completion_tokens` counts from the start of
    the generation, this piece included.
    """

    text: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    finish: FinishReason | None = None
    tokens: tuple[SampledToken, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The base model as the engine serves it.

    `max_tokens` bounds prompt and answer together; token ids lie below `vocabulary`. One that speculates, drafting
    tokens and then checking them, knows no `logit_bias` and no `min_p`.
    """

    name: str
    max_tokens: int
    vocabulary: int
    default_temperature: float = 1.0
    default_top_p: float = 1.0
    speculates: bool = False


class EngineError(Exception):
    """The engine could not do what it was asked; the message is fit for a client."""


class EngineUnavailable(EngineError):
    """The engine is loading, dead or restarting: try again later."""


class AdapterRejected(EngineError):
    """The engine refused an adapter that the store had let pass."""


class Engine(Protocol):
    """One model, its adapters, and a stream of pieces for a prompt."""

    @property
    def model(self) -> ModelInfo: ...

    def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        constraint: Constraint | None = None,
        adapter: Adapter | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """Decode `prompt`. Closing the generator aborts the request in the engine.

        Raises `EngineUnavailable` when the engine dies or is not up.
        """
        ...

    async def load_adapter(self, adapter: Adapter) -> None:
        """Make `adapter` ready, replacing one of the same name: later requests never see the old one's cache."""
        ...

    async def unload_adapter(self, name: str) -> None: ...

    async def health(self) -> None:
        """Return when the engine can serve; raise `EngineUnavailable` otherwise."""
        ...

    async def close(self) -> None: ...
