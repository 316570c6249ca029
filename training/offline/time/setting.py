"""A moment, and the time server that takes it for now."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from random import Random

from evaluation.workspaces import make_world
from toolsets.launch import open_session
from toolsets.manifest import Manifest
from training.offline.acting import Room
from training.offline.scene import Scene
from training.offline.script import Earlier
from training.offline.setting import Setting
from training.offline.source import Source
from training.offline.telling import Teller
from training.offline.time.order import EARLIER
from training.offline.time.plans import PLANS
from training.offline.time.values import values

_STOPPED_CLOCK = """
import datetime, sys
import mcp_server_time.server
moment = datetime.datetime.fromisoformat(sys.argv.pop(1))
class Stopped(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return moment.astimezone(tz)
mcp_server_time.server.datetime = Stopped
mcp_server_time.main()
"""
"""The server's own code, but for its clock. Its first argument is the moment."""


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """A moment that follows from the seed. Raises ToolsetError."""
    random = Random(seed)
    world = make_world(random)
    now = datetime.combine(world.today, time(), UTC) + timedelta(seconds=random.randrange(86_400))

    def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene[datetime]:
        return Scene(random, slots, earlier, world, now)

    async with open_session(_stopped(source.manifest, now), source.backend, environ=os.environ) as session:
        room = Room(source.toolset, session)
        teller = Teller(source.bank, room, values().systems, PLANS, scene, EARLIER)
        yield Setting(f"time/{seed}", now, teller.tell)


def _stopped(manifest: Manifest, now: datetime) -> Manifest:
    """The manifest of a server whose clock stands still."""
    python, _, _, *options = manifest.server.command  # python -m mcp_server_time
    command = (python, "-c", _STOPPED_CLOCK, now.isoformat(), *options)
    return manifest.model_copy(update={"server": manifest.server.model_copy(update={"command": command})})
