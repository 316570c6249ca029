"""An engine that says what it is told to: for tests of all that stands on an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass

from adapters import Adapter
from server.constraints import Constraint
from server.engine.base import EngineError, EngineUnavailable, ModelInfo, Piece, SampledToken, Sampling, TokenLogprob
from server.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Generation:
    """One call of `generate`, as it came in."""

    prompt: Prompt
    sampling: Sampling
    constraint: Constraint | None
    adapter: Adapter | None


Reply = str | EngineError
Script = Iterable[Reply] | Callable[[Generation], Reply]


class ScriptedEngine:
    """Answers with the next reply of a list, or with what a function makes of the generation.

    A reply is given in pieces of one character, each with the log-probability of an even chance, and cut at
    `max_tokens`. A reply that is an exception is raised. While `gate` is cleared, every generation stands still before
    its next piece; `aborted` counts those that were closed before their end.
    """

    def __init__(self, script: Script, *, max_tokens: int = 8192) -> None:
        self._next: Callable[[Generation], Reply]
        if callable(script):
            self._next = script
        else:
            replies = iter(script)
            self._next = lambda generation: next(replies)
        self._model = ModelInfo("scripted", max_tokens, vocabulary=50_000)
        self.generations: list[Generation] = []
        self.adapters: dict[str, Adapter] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self.aborted = 0
        self.failure: EngineUnavailable | None = None

    @property
    def model(self) -> ModelInfo:
        return self._model

    async def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        constraint: Constraint | None = None,
        adapter: Adapter | None = None,
    ) -> AsyncGenerator[Piece, None]:
        generation = Generation(prompt, sampling, constraint, adapter)
        self.generations.append(generation)
        reply = self._next(generation)
        if isinstance(reply, EngineError):
            raise reply
        self.running += 1
        finished = False
        try:
            async for piece in self._pieces(reply, len(prompt), sampling):
                yield piece
            finished = True
        finally:
            self.running -= 1
            self.aborted += not finished

    async def _pieces(self, reply: str, prompt_tokens: int, sampling: Sampling) -> AsyncGenerator[Piece, None]:
        said = reply[: sampling.max_tokens]
        for count, character in enumerate(said, start=1):
            await self.gate.wait()
            chosen = TokenLogprob(character, -0.6931471805599453, character.encode())
            tokens = (
                (SampledToken(chosen, (chosen,) * min(1, sampling.logprobs)),) if sampling.logprobs is not None else ()
            )
            yield Piece(character, prompt_tokens, 0, count, tokens=tokens)
            await asyncio.sleep(0)
        finish = "length" if len(reply) > len(said) else "stop"
        yield Piece("", prompt_tokens, 0, len(said), finish=finish)  # type: ignore[arg-type]

    async def load_adapter(self, adapter: Adapter) -> None:
        self.adapters[adapter.name] = adapter

    async def unload_adapter(self, name: str) -> None:
        self.adapters.pop(name, None)

    async def health(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def close(self) -> None:
        self.gate.set()
