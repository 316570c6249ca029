"""A workspace from a seed: decided as a whole in memory, then written with its times and permissions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from random import Random
from typing import Literal

from evaluation.workspaces import logs, source, tables
from evaluation.workspaces.naming import Style, file_name, habits
from evaluation.workspaces.prose import Document
from evaluation.workspaces.shapes import FIXED, SHAPES, Section, Shape
from evaluation.workspaces.snapshot import Snapshot, snapshot
from evaluation.workspaces.world import World, make_world, words
from evaluation.workspaces.writer import Writer

Size = Literal["small", "medium", "large"]
FILES: dict[Size, int] = {"small": 18, "medium": 70, "large": 320}
_CODE = frozenset({".py", ".sh", ".toml", ".yaml", ".ini", ".sql", ".html", ".js"})


class WorkspaceError(Exception):
    """A workspace that cannot be written where it was asked for. The text names the remedy."""


@dataclass(frozen=True)
class Spec:
    """Names a workspace: the same spec always gives the same files, times and permissions."""

    shape: Shape = "home"
    size: Size = "small"
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.shape}-{self.size}-{self.seed}"


@dataclass(frozen=True)
class File:
    """A file to be: its path relative to the workspace, when it was last written, its permission bits."""

    path: PurePosixPath
    content: bytes
    modified: datetime
    mode: int = 0o644


@dataclass(frozen=True)
class Workspace:
    spec: Spec
    world: World
    files: tuple[File, ...]
    empty_folders: tuple[PurePosixPath, ...]

    def write(self, root: Path) -> Snapshot:
        """Write everything below `root`, a folder that is empty or not there yet.

        Raises WorkspaceError if it is neither.
        """
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise WorkspaceError(f"{root} is not an empty folder; name another or empty it")
        root.mkdir(parents=True, exist_ok=True)
        for folder in self.empty_folders:
            (root / folder).mkdir(parents=True)
        for file in self.files:
            path = root / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
            os.utime(path, (file.modified.timestamp(), file.modified.timestamp()))
        start = datetime.combine(self.world.today, time(), UTC) - timedelta(days=1)
        _settle_folders(root, start.timestamp())
        return snapshot(root)


def build(spec: Spec) -> Workspace:
    """Decide a whole workspace; nothing is written."""
    random = Random(str(spec))
    world = make_world(random)
    styles = habits(random)
    files: dict[PurePosixPath, File] = {}
    for name, maker in FIXED[spec.shape]:
        writer = Writer.about(random, world)
        _add(files, _file(random, PurePosixPath(name), maker(writer), writer.day))
    for section, share in _shares(random, SHAPES[spec.shape], FILES[spec.size]):
        folder = random.choice(section.folders)
        for _ in range(share):
            writer = Writer.about(random, world)
            _add(files, _placed(writer, styles, folder, section))
    empty = _untidy(random, world, files)
    return Workspace(spec, world, tuple(files[path] for path in sorted(files)), empty)


def _shares(random: Random, sections: tuple[Section, ...], total: int) -> Iterator[tuple[Section, int]]:
    whole = sum(section.share for section in sections)
    for section in sections:
        share = round(total * section.share / whole)
        yield section, max(1, share + random.randint(-share // 4, share // 4))


def _placed(writer: Writer, styles: tuple[Style, ...], folder: str, section: Section) -> File:
    random, world = writer.random, writer.world
    document = random.choice(section.makers)(writer)
    place = folder.format(
        year=writer.day.year,
        month=f"{writer.day.month:02}",
        project=writer.project.name.lower().replace(" ", "-"),
        client=writer.project.client,
        town=world.towns[random.randrange(3)],
        event=random.choice(words("words")["sights"][world.today.day :][:12]),
    )
    code = document.extension in _CODE
    name = file_name(random, styles, document.words, writer.day, document.extension, code)
    return _file(random, PurePosixPath(place, name), document, writer.day)


def _file(random: Random, path: PurePosixPath, document: Document, day: date) -> File:
    content = document.content.encode() if isinstance(document.content, str) else document.content
    moment = datetime.combine(day, time(random.randrange(7, 23), random.randrange(60), random.randrange(60)), UTC)
    mode = 0o755 if path.suffix == ".sh" else 0o600 if path.name.startswith(".") else 0o644
    return File(path, content, moment, mode)


def _add(files: dict[PurePosixPath, File], file: File) -> None:
    """A name that is taken gets a number, as a file manager gives it."""
    path, number = file.path, 2
    while path in files:
        path = file.path.with_name(f"{file.path.stem} ({number}){file.path.suffix}")
        number += 1
    files[path] = replace(file, path=path)


def _untidy(random: Random, world: World, files: dict[PurePosixPath, File]) -> tuple[PurePosixPath, ...]:
    """What gathers in real folders: copies, backups, an empty file, one long file, folders that nothing is in."""
    tidy = list(files.values())
    kinds = ("copy", "backup", "empty", "long", "folder", "hidden")
    empty: list[PurePosixPath] = []
    for kind in random.sample(kinds, random.randint(3, len(kinds))):
        chosen = random.choice(tidy)
        near, writer = chosen.path.parent, Writer.about(random, world)
        if kind == "copy":
            _add(files, replace(chosen, path=chosen.path.with_name(f"{chosen.path.stem} copy{chosen.path.suffix}")))
        elif kind == "backup":
            older = chosen.content[: len(chosen.content) * 2 // 3]
            _add(files, replace(chosen, path=chosen.path.with_name(f"{chosen.path.name}.bak"), content=older))
        elif kind == "empty":
            _add(files, _file(random, near / f"{random.choice(world.towns)}.txt", Document((), "", ""), writer.day))
        elif kind == "long":
            text = "".join(str(logs.application_log(writer).content) for _ in range(12))
            _add(files, _file(random, near / "everything.log", Document((), "", text), writer.day))
        elif kind == "hidden":
            document = random.choice((tables.settings, source.configuration))(writer)
            _add(
                files,
                _file(
                    random, near / f".{random.choice(world.towns).lower()}{document.extension}", document, writer.day
                ),
            )
        else:
            empty.append(near / f"{random.choice(words('words')['adjectives'])} {random.choice(world.towns)}")
    return tuple(dict.fromkeys(empty))


def _settle_folders(root: Path, start: float) -> None:
    """Times and permissions as a person's would be: a folder changes when something in it does, deepest first."""
    for folder, _, _ in os.walk(root, topdown=False):
        latest = max((child.stat().st_mtime for child in Path(folder).iterdir()), default=start)
        Path(folder).chmod(0o755)
        os.utime(folder, (latest, latest))
