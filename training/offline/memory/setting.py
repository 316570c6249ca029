"""A memory that is made from a seed, anew for each conversation, and the memory server that keeps it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from evaluation.workspaces import make_world
from toolsets.launch import open_session
from training.offline.acting import Conversation, Room
from training.offline.bank import Template
from training.offline.memory.graph import Graph, read, remembered
from training.offline.memory.order import EARLIER
from training.offline.memory.plans import PLANS
from training.offline.memory.values import values
from training.offline.scene import Scene
from training.offline.script import Earlier
from training.offline.setting import Setting
from training.offline.source import Source
from training.offline.telling import Teller

_CHANGING = frozenset(
    {
        "create_entities",
        "create_relations",
        "add_observations",
        "delete_entities",
        "delete_observations",
        "delete_relations",
    }
)


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """People and projects that follow from the seed, of which the server knows some. Raises ToolsetError."""
    random = Random(seed)
    world = make_world(random)
    with TemporaryDirectory(prefix="dualtune-") as folder:
        root = Path(folder).resolve()  # noqa: ASYNC240
        file = root / "memory.jsonl"  # The manifest names it to the server, which reads it again for every call.

        def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene[Graph]:
            return Scene(random, slots, earlier, world, read(file))

        async with open_session(source.manifest, source.backend, root=root, environ=os.environ) as session:
            teller = Teller(
                source.bank, Room(source.toolset, session), values().systems, PLANS, scene, EARLIER, _CHANGING
            )

            async def tell(template: Template, random: Random) -> Conversation:
                remembered(world, random).write(file)
                return await teller.tell(template, random)

            yield Setting(f"memory/{seed}", datetime.combine(world.today, time(9), UTC), tell)
