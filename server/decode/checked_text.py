"""Text from an engine and, where it must be JSON, JSON that validates against the whole schema.

A grammar enforces most of JSON Schema while tokens are drawn. Where it enforces all of a schema, pieces are passed on
as they come. Where it does not, the text is held until it has been checked: first as decoded, then drawn again with
other tokens, then mended, and at last the smallest value that the schema allows. Invalid JSON never leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from adapters import Adapter
from server.constraints import JsonSchema
from server.constraints.check import violation
from server.constraints.plan import plan
from server.constraints.repair import repair, smallest
from server.decode.events import StageDone
from server.engine.base import Engine, EngineError, Piece, SampledToken, Sampling
from server.prompt import Prompt, Stage

_ATTEMPTS = 3
_REDRAW_TEMPERATURE = 0.7


class UnsatisfiableSchema(EngineError):
    """No value that validates against the schema was found; perhaps there is none."""


class CheckedText:
    """Writes one text; afterwards, `report` tells what it took."""

    def __init__(self, engine: Engine, constraint: JsonSchema | None, *, hold: bool = False) -> None:
        self._engine = engine
        self._constraint = constraint
        self._schema = constraint.schema if constraint is not None else None
        self._hold = hold or (self._schema is not None and not plan(self._schema).exact)
        self._last: Piece | None = None
        self._note: str | None = None

    async def write(self, prompt: Prompt, sampling: Sampling, adapter: Adapter | None) -> AsyncGenerator[Piece, None]:
        """Pieces of the text. Raises `UnsatisfiableSchema` when nothing valid was found.

        A text that ran into its token limit is passed on as it is, with finish `length`: it is no JSON, and the wire
        says so.
        """
        if not self._hold:
            async with aclosing(self._decode(prompt, sampling, adapter)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        yield await self._write_checked(prompt, sampling, adapter)

    def report(
        self,
        stage: Stage,
        started: float,
        *,
        choice: str | None = None,
        adapter: Adapter | None = None,
        note: str | None = None,
    ) -> StageDone:
        """The stage's report; `started` is on the monotonic clock."""
        last = self._last
        if last is None:
            raise EngineError("The engine ended without a token.")
        return StageDone(
            stage,
            time.monotonic() - started,
            last.prompt_tokens,
            last.cached_tokens,
            last.completion_tokens,
            finish=last.finish or "stop",
            choice=choice,
            adapter=adapter.name if adapter else None,
            note="; ".join(filter(None, [note, self._note])) or None,
        )

    async def _decode(self, prompt: Prompt, sampling: Sampling, adapter: Adapter | None) -> AsyncGenerator[Piece, None]:
        generation = self._engine.generate(prompt, sampling, constraint=self._constraint, adapter=adapter)
        async with aclosing(generation) as pieces:
            async for piece in pieces:
                self._last = piece
                yield piece

    async def _write_checked(self, prompt: Prompt, sampling: Sampling, adapter: Adapter | None) -> Piece:
        whole = await self._whole(prompt, sampling, adapter)
        if self._schema is None:
            return whole
        for attempt in range(1, _ATTEMPTS + 1):
            # In a thread: a client's schema may take its time, and others are served meanwhile.
            if whole.finish == "length" or await asyncio.to_thread(violation, whole.text, self._schema) is None:
                return whole
            if attempt < _ATTEMPTS:
                whole = await self._whole(prompt, _redraw(sampling, attempt), adapter)
        mended, self._note = await asyncio.to_thread(mend, whole.text, self._schema)
        return replace(whole, text=mended, tokens=())

    async def _whole(self, prompt: Prompt, sampling: Sampling, adapter: Adapter | None) -> Piece:
        """The decode as one piece."""
        text = ""
        tokens: list[SampledToken] = []
        async with aclosing(self._decode(prompt, sampling, adapter)) as pieces:
            async for piece in pieces:
                text += piece.text
                tokens += piece.tokens
        if self._last is None:
            raise EngineError("The engine ended without a token.")
        return replace(self._last, text=text, tokens=tuple(tokens))


def mend(text: str, schema: Mapping[str, Any]) -> tuple[str, str | None]:
    """`text` if it validates, else a value near it that does, and a note on what was done.

    Raises `UnsatisfiableSchema` when nothing was found that validates.
    """
    problem = violation(text, schema)
    if problem is None:
        return text, None
    mended = repair(text, schema)
    if mended is not None:
        return mended, f"mended what the model wrote: {problem}"
    mended = smallest(schema)
    if mended is not None:
        return mended, f"the smallest valid value, in place of what the model wrote: {problem}"
    raise UnsatisfiableSchema(f"No value was found that validates against the schema: {problem}")


def _redraw(sampling: Sampling, attempt: int) -> Sampling:
    """Other tokens than before, yet the same ones for the same request."""
    return replace(
        sampling,
        temperature=max(sampling.temperature, _REDRAW_TEMPERATURE),
        seed=(sampling.seed or 0) + attempt,
    )
