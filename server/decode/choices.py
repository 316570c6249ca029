"""Several choices of one step at once (`n`), as one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from server.decode.events import Event
from server.decode.request import StepRequest
from server.decode.stages import Stages
from server.decode.step import step


async def choices(request: StepRequest, stages: Stages, n: int) -> AsyncGenerator[tuple[int, Event], None]:
    """Decode `n` choices of `request` together; each event comes with the index of its choice.

    With a seed, choice `i` uses seed + i. The first failure ends all.
    """
    if n == 1:
        async with aclosing(step(request, stages)) as events:
            async for event in events:
                yield 0, event
        return

    queue: asyncio.Queue[tuple[int, Event] | int | BaseException] = asyncio.Queue()

    async def run(index: int) -> None:
        try:
            async with aclosing(step(_for_choice(request, index), stages)) as events:
                async for event in events:
                    queue.put_nowait((index, event))
            queue.put_nowait(index)
        except Exception as error:
            queue.put_nowait(error)

    tasks = [asyncio.create_task(run(index)) for index in range(n)]
    try:
        running = n
        while running:
            item = await queue.get()
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, int):
                running -= 1
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _for_choice(request: StepRequest, index: int) -> StepRequest:
    if request.sampling.seed is None:
        return request
    seed = request.sampling.seed + index
    return replace(
        request,
        sampling=replace(request.sampling, seed=seed),
        argument_sampling=replace(request.argument_sampling, seed=seed),
    )
