"""Where a cloud teacher works: the toolset's own server in the sandbox, on something that is made for it alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from evaluation.workspaces import make_world
from server.chat_template import compact_json
from toolsets import Toolset
from toolsets.launch import open_session
from toolsets.manifest import Manifest
from toolsets.sandbox import Backend
from toolsets.toolbox import Toolbox
from toolsets.trajectory import Call, Observation
from training.offline.acting import Room
from training.offline.filesystem.disguise import Disguise
from training.offline.filesystem.ground import open_ground
from training.offline.filesystem.view import View
from training.offline.services import STAND_INS, standing_in

_SEEDED = "filesystem"
_SHOWN = "/home/user/workspace"
_MAX_PATHS = 60
_EXCERPTS = 8
_EXCERPT_CHARACTERS = 300


@dataclass(frozen=True)
class Subject:
    """What is taught: a toolset, how its server starts, and the sandbox that it runs in."""

    toolset: Toolset
    manifest: Manifest
    backend: Backend


@dataclass(frozen=True)
class Place:
    """Running tools. `root` is the workspace by the path that the model knows it by, if there is one."""

    toolbox: Toolbox
    root: Path | None = None
    contents: str = ""
    """What is there, for somebody who writes requests about it."""


@asynccontextmanager
async def open_place(subject: Subject, seed: str) -> AsyncIterator[Place]:
    """What follows from the seed: for the filesystem, a workspace of files; for a service that there is a stand-in of,
    that. Other servers get an empty folder, a git repository, or, if they work on none, nothing. Raises ToolsetError.
    """
    toolset, manifest, backend = subject.toolset, subject.manifest, subject.backend
    if toolset.name == _SEEDED:
        async with open_ground(toolset, manifest, backend, seed, os.environ) as (ground, room):
            tools = _Disguised(Toolbox.of([(toolset, room.session)]).entries, room)
            yield Place(tools, Path(ground.root), _contents(ground.look(), Random(seed)))
    elif toolset.name in STAND_INS:
        random = Random(seed)
        async with (
            standing_in(toolset.name, make_world(random), random.randrange(1 << 30)) as (_, served),
            open_session(
                manifest, backend, environ={**os.environ, **served.environ}, bridges=[served.bridge]
            ) as session,
        ):
            yield Place(Toolbox.of([(toolset, session)]))
    elif manifest.sandbox.root == "none":
        async with open_session(manifest, backend, environ=os.environ) as session:
            yield Place(Toolbox.of([(toolset, session)]))
    else:
        with TemporaryDirectory(prefix="dualtune-") as folder:
            disguise = Disguise(Path(folder).resolve(), _SHOWN, datetime.now(UTC))  # noqa: ASYNC240
            if git := shutil.which("git"):
                # A server that works on a repository does not start without one.
                subprocess.run([git, "init", "--quiet", folder], check=False)  # noqa: ASYNC221
            async with open_session(manifest, backend, root=disguise.real, environ=os.environ) as session:
                room = Room(toolset, session, disguise.sent, disguise.seen)
                yield Place(_Disguised(Toolbox.of([(toolset, session)]).entries, room), Path(_SHOWN))


async def contents_of(subject: Subject, seed: str) -> str:
    """What there is to write requests about; nothing, but for seeded workspaces."""
    if subject.toolset.name != _SEEDED:
        return ""
    async with open_place(subject, seed) as place:
        return place.contents


@dataclass(frozen=True)
class _Disguised(Toolbox):
    """Tools that are sent, and that answer, what they would if the workspace were where it seems to be."""

    room: Room

    async def call(self, call: Call, *, seconds: float | None = None) -> Observation:
        try:
            sent = compact_json(self._translated(json.loads(call.arguments or "{}")))
        except (ValueError, RecursionError):
            sent = call.arguments
        observed = await super().call(replace(call, arguments=sent), seconds=seconds)
        text = self.room.shown(observed.tool or "", observed.result.text)
        return replace(observed, call=call, result=replace(observed.result, text=text, structured=None))

    def _translated(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.room.sent(value)
        if isinstance(value, list):
            return [self._translated(item) for item in value]
        if isinstance(value, dict):
            return {key: self._translated(below) for key, below in value.items()}
        return value


def _contents(view: View, random: Random) -> str:
    """Some of the files and folders, and how some of the texts begin."""
    files = random.sample(view.files, min(_MAX_PATHS, len(view.files)))
    lines = [f"{file.path} ({file.size:,} bytes)" for file in sorted(files, key=lambda file: file.path)]
    lines += [f"{folder}/" for folder in sorted(random.sample(view.folders, min(_MAX_PATHS // 4, len(view.folders))))]
    texts = [file for file in files if file.text and file.text.strip()]
    for file in texts[:_EXCERPTS]:
        lines += [f"\n{file.path} begins:", (file.text or "")[:_EXCERPT_CHARACTERS]]
    return "\n".join(lines)
