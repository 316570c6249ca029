"""Stand-ins of the services that some toolsets work with, while something is done with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from evaluation.workspaces import World, make_world
from training.errors import TrainingError

if TYPE_CHECKING:
    from evaluation.standins import Served, StandIn

STAND_INS = frozenset({"notion", "monday"})
"""The toolsets whose service there is a stand-in of."""
_PROJECTS = {"notion": 2}
"""At most: what is said of a database of Notion's with the labels of more is too long to learn from."""


def invented(toolset: str, seed: str) -> tuple[World, int]:
    """What the service of a setting is about, and the seed of its stand-in."""
    random = Random(seed)
    world = make_world(random)
    most = _PROJECTS.get(toolset, len(world.projects))
    world = replace(world, projects=world.projects[: random.randint(1, most)])
    return world, random.randrange(1 << 30)


@asynccontextmanager
async def standing_in(toolset: str, world: World, seed: int) -> AsyncIterator[tuple[StandIn[Any], Served]]:
    """A service with contents about the world. Raises TrainingError where a library that it needs is missing."""
    try:
        from evaluation import standins
    except ModuleNotFoundError as error:
        message = f"the stand-in of {toolset} needs {error.name}; install what is in requirements/dev.txt"
        raise TrainingError(message, "toolset") from error
    standin = standins.STAND_INS[toolset](world, seed)
    serving = standins.serve(standin)
    served = await asyncio.to_thread(serving.__enter__)  # It waits for its own thread to start and to end.
    try:
        yield standin, served
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)
