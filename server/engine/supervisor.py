"""Keeps an engine up: starts it, notices its death, and starts it again with growing pauses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress

from adapters import Adapter
from server.constraints import Constraint
from server.engine.base import AdapterRejected, Engine, EngineUnavailable, ModelInfo, Piece, Sampling
from server.prompt import Prompt

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two starts, at most."""

SETTLED_AFTER = 60.0
"""Seconds: an engine that lived as long as this is started again without a growing pause."""


class SupervisedEngine:
    """An `Engine` that outlives the engines that it starts.

    `start` makes a new engine each time, and the adapters that were loaded are loaded into it again. While none is up,
    every call raises `EngineUnavailable`.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[Engine]],
        adapters: Iterable[Adapter] = (),
        *,
        on_lost: Callable[[str], None] = lambda name: None,
        is_unchanged: Callable[[Adapter], bool] = lambda adapter: True,
        first_pause: float = 1.0,
        check_every: float = 1.0,
    ) -> None:
        """`adapters` are loaded from the first start on; `on_lost` hears the name of one that an engine refused.

        `is_unchanged` is asked, in a thread, before an adapter is loaded once more: an engine may die of files that
        are no longer those that were checked, and would die of them again and again.
        """
        self._start = start
        self._on_lost = on_lost
        self._is_unchanged = is_unchanged
        self._first_pause = first_pause
        self._check_every = check_every
        self._engine: Engine | None = None
        self._model: ModelInfo | None = None
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._reason = "The engine is loading the model."
        self._suspected = asyncio.Event()
        self.ready = asyncio.Event()
        self.starts = 0

    async def run(self) -> None:
        """Keep an engine up until cancelled.

        Raises what the very first start fails with, an `EngineError` as a rule: that is no crash but a mistake in the
        settings, and trying again would hide it.
        """
        pause = self._first_pause
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                engine = await self._start_one()
            except Exception as error:
                if self._model is None:
                    raise
                self._reason = "The engine did not start again; the next try follows."
                log.error("engine did not start again", exc_info=error)
            else:
                await self._serve_until_dead(engine)
            if clock() - started > SETTLED_AFTER:
                pause = self._first_pause
            log.warning("starting the engine again in %.0f s", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def model(self) -> ModelInfo:
        if self._model is None:
            raise EngineUnavailable(self._reason)
        return self._model

    async def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        constraint: Constraint | None = None,
        adapter: Adapter | None = None,
    ) -> AsyncGenerator[Piece, None]:
        engine = self._up()
        try:
            generation = engine.generate(prompt, sampling, constraint=constraint, adapter=adapter)
            async with aclosing(generation) as pieces:
                async for piece in pieces:
                    yield piece
        except EngineUnavailable:
            self._suspected.set()
            raise

    async def load_adapter(self, adapter: Adapter) -> None:
        await self._up().load_adapter(adapter)
        self._adapters[adapter.name] = adapter

    async def unload_adapter(self, name: str) -> None:
        self._adapters.pop(name, None)
        if self._engine is not None:
            await self._engine.unload_adapter(name)

    async def health(self) -> None:
        await self._up().health()

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        self._reason = "The server is shutting down."
        if engine is not None:
            await engine.close()

    def _up(self) -> Engine:
        if self._engine is None:
            raise EngineUnavailable(self._reason)
        return self._engine

    async def _start_one(self) -> Engine:
        engine = await self._start()
        self.starts += 1
        try:
            for adapter in list(self._adapters.values()):
                await self._load_again(engine, adapter)
        except BaseException:
            await _close(engine)
            raise
        self._model = engine.model
        return engine

    async def _load_again(self, engine: Engine, adapter: Adapter) -> None:
        try:
            if self._model is not None and not await asyncio.to_thread(self._is_unchanged, adapter):
                raise AdapterRejected(f"The files of adapter {adapter.name} have changed since: load it again.")
            await engine.load_adapter(adapter)
        except AdapterRejected as error:
            log.error("%s", error)
            if self._adapters.pop(adapter.name, None) is not None:
                self._on_lost(adapter.name)
        if adapter.name not in self._adapters:  # somebody has unloaded it meanwhile
            await engine.unload_adapter(adapter.name)

    async def _serve_until_dead(self, engine: Engine) -> None:
        self._suspected.clear()
        self._engine = engine
        self.ready.set()
        while await _is_healthy(engine):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._check_every):
                    await self._suspected.wait()
            self._suspected.clear()
        self._engine = None
        self.ready.clear()
        self._reason = "The engine died; it is being restarted."
        log.error("engine died")
        await _close(engine)


async def _is_healthy(engine: Engine) -> bool:
    try:
        await engine.health()
    except Exception as error:
        log.error("engine is not healthy: %s", error)
        return False
    return True


async def _close(engine: Engine) -> None:
    """Close what may be dead already: how it fails to close is only for the log."""
    try:
        await engine.close()
    except Exception:
        log.exception("engine did not close")
