"""Several things at once, of which each has its price: what was begun is brought to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def work(
    items: Iterable[T], do: Callable[[T], Awaitable[None]], at_once: int, should_stop: Callable[[], bool]
) -> None:
    """Do all of them, `at_once` at a time. After an error, or when asked to stop, nothing more is begun.

    Raises the first error, when all that was under way has ended.
    """
    left = iter(items)
    errors: list[Exception] = []

    async def worker() -> None:
        for item in left:
            if errors or should_stop():
                return
            try:
                await do(item)
            except Exception as error:
                errors.append(error)

    await asyncio.gather(*(worker() for _ in range(at_once)))
    if errors:
        raise errors[0]
