"""A repository that is made from a seed, and the git server that works on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from evaluation.workspaces.world import ascii_only
from toolsets.launch import open_session
from toolsets.manifest import Manifest
from training.offline.acting import Conversation, Room
from training.offline.bank import Template
from training.offline.filesystem.disguise import Disguise
from training.offline.git.order import EARLIER
from training.offline.git.plans import PLANS
from training.offline.git.repository import Repository
from training.offline.git.scene import Scene
from training.offline.git.values import values
from training.offline.script import Earlier
from training.offline.setting import Setting
from training.offline.source import Source
from training.offline.telling import Teller

_CHANGING = frozenset({"git_add", "git_commit", "git_reset", "git_create_branch", "git_checkout"})
_ROOTLESS = 0.5
"""How often, of the requests that name the repository themselves, an application has said something first."""


@asynccontextmanager
async def open_setting(source: Source, seed: str) -> AsyncIterator[Setting]:
    """A repository that follows from the seed. Raises ToolsetError, and TrainingError where there is no git."""
    random = Random(seed)
    with TemporaryDirectory(prefix="dualtune-") as folder:
        repository = Repository((Path(folder) / "repository").resolve(), random)
        disguise = Disguise(repository.root, _root(random, repository), repository.now)
        manifest = _dated(source.manifest, repository.now)

        def scene(random: Random, slots: frozenset[str], earlier: Earlier | None) -> Scene:
            return Scene(random, slots, earlier, repository.world, repository.look(), disguise.shown)

        async with open_session(manifest, source.backend, root=repository.root, environ=os.environ) as session:
            room = Room(source.toolset, session, disguise.sent, disguise.seen)
            teller = Teller(source.bank, room, (), PLANS, scene, EARLIER, _CHANGING)

            async def tell(template: Template, random: Random) -> Conversation:
                repository.work()
                talk = await teller.tell(template, random)
                _introduce(talk, disguise.shown, random)
                return talk

            yield Setting(f"git/{seed}", repository.now, tell)


def _root(random: Random, repository: Repository) -> str:
    """Where the repository seems to be."""
    world = repository.world
    user, name = ascii_only(world.owner.first).lower(), ascii_only(random.choice(world.projects).name).lower()
    return random.choice(values().roots).format(user=user, name=name.replace(" ", random.choice("-_")))


def _introduce(talk: Conversation, root: str, random: Random) -> None:
    """Let the application say where the repository is, unless the user does: no tool works without its path."""
    said = next(str(message["content"]) for message in talk.opening if message["role"] == "user")
    systems = [*values().systems, *values().rootless] if root in said else values().systems
    if root not in said or random.random() < _ROOTLESS:
        talk.opening.insert(0, {"role": "system", "content": random.choice(systems).format(root=root)})


def _dated(manifest: Manifest, now: datetime) -> Manifest:
    """The manifest of a server that commits, and reckons dates from, at this moment."""
    moment = f"{int(now.timestamp())} +0000"
    dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, "GIT_TEST_DATE_NOW": moment.split()[0]}
    server = manifest.server.model_copy(update={"env": {**manifest.server.env, **dates}})
    return manifest.model_copy(update={"server": server})
