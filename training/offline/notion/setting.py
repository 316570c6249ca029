"""A Notion workspace about invented people and projects, and the server that works on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from random import Random

from toolsets.launch import open_session
from training.offline.acting import Room
from training.offline.notion.following import EARLIER
from training.offline.notion.plans import PLANS
from training.offline.notion.values import values
from training.offline.notion.view import View
from training.offline.scene import Scene
from training.offline.script import Earlier
from training.offline.services import invented, standing_in
from training.offline.setting import Setting
from training.offline.source import Source
from training.offline.telling import Teller

_CHANGING = frozenset({"API-post-page", "API-patch-page", "API-patch-block-children", "API-create-a-comment"})


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """A workspace that follows from the seed. Raises ToolsetError, and TrainingError as `standing_in` does."""
    world, number = invented("notion", seed)
    async with standing_in("notion", world, number) as (standin, served):

        def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene[View]:
            return Scene(random, slots, earlier, world, View.of(standin.snapshot()))

        async with open_session(
            source.manifest,
            source.backend,
            environ={**os.environ, **served.environ},
            bridges=[served.bridge],
        ) as session:
            room = Room(source.toolset, session)
            teller = Teller(source.bank, room, values().systems, PLANS, scene, EARLIER, _CHANGING)
            yield Setting(f"notion/{seed}", datetime.combine(world.today, time(9), UTC), teller.tell)
