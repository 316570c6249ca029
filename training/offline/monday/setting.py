"""A monday.com account about invented people and projects, and the server that works on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from random import Random

from toolsets.launch import open_session
from training.offline.acting import Room
from training.offline.monday.following import EARLIER
from training.offline.monday.plans import PLANS
from training.offline.monday.values import values
from training.offline.monday.view import View
from training.offline.scene import Scene
from training.offline.script import Earlier
from training.offline.services import invented, standing_in
from training.offline.setting import Setting
from training.offline.source import Source
from training.offline.telling import Teller

_CHANGING = frozenset(
    {"create_group", "create_item", "change_item_column_values", "move_item_to_group", "create_update"}
)


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """An account that follows from the seed. Raises ToolsetError, and TrainingError as `standing_in` does."""
    world, number = invented("monday", seed)
    async with standing_in("monday", world, number) as (standin, served):

        def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene[View]:
            return Scene(random, slots, earlier, world, View(standin.snapshot()))

        async with open_session(
            source.manifest,
            source.backend,
            environ={**os.environ, **served.environ},
            bridges=[served.bridge],
        ) as session:
            room = Room(source.toolset, session)
            teller = Teller(source.bank, room, values().systems, PLANS, scene, EARLIER, _CHANGING)
            yield Setting(f"monday/{seed}", datetime.combine(world.today, time(9), UTC), teller.tell)
