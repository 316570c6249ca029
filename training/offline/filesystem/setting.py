"""The filesystem's settings: a generated workspace, and the server that works on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from training.offline.filesystem.ground import open_ground
from training.offline.filesystem.telling import teller
from training.offline.setting import Setting
from training.offline.source import Source


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """A workspace that follows from the seed. Raises ToolsetError."""
    async with open_ground(source.toolset, source.manifest, source.backend, seed, os.environ) as (ground, room):
        yield Setting(str(ground.spec), ground.disguise.now, teller(source.bank, ground, room).tell)
