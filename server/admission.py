"""Who may decode now, who waits, and who is turned away."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from server.wire.errors import overloaded


class Admission:
    """Lets `running` requests decode at once and `waiting` more wait, first come first served."""

    def __init__(self, running: int, waiting: int) -> None:
        self._limit = running
        self._capacity = running + waiting
        self._slots = asyncio.Semaphore(running)
        self._recent_seconds = 1.0
        self.admitted = 0
        self.decoding = 0

    @property
    def queued(self) -> int:
        return self.admitted - self.decoding

    def admit(self) -> Ticket:
        """A place for one request, to be entered with `with`. Raises `ApiError` 429 when the queue is full."""
        if self.admitted >= self._capacity:
            turns = (self.queued + 1) / self._limit
            raise overloaded(retry_after=min(60, max(1, math.ceil(turns * self._recent_seconds))))
        return Ticket(self)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """Wait for a slot and hold it."""
        async with self._slots:
            started = time.monotonic()
            self.decoding += 1
            try:
                yield
            finally:
                self.decoding -= 1
                self._recent_seconds += 0.2 * (time.monotonic() - started - self._recent_seconds)


class Ticket:
    """A place in the queue, held from admission until the answer is out or the client has gone."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        admission.admitted += 1
        self._held = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        if self._held:
            self._held = False
            self._admission.admitted -= 1
