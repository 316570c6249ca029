"""What is in a workspace now, as plans look for what a request could be about."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import basename, dirname, join, splitext

HERE = "."
"""How the workspace itself is written as a path."""

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg"})
SOUNDS = frozenset({".mp3", ".wav", ".ogg", ".flac"})
_MAX_TEXT = 60_000


@dataclass(frozen=True)
class File:
    """A file by its path relative to the workspace. `text` is None where it is no text."""

    path: str
    size: int
    modified: float
    text: str | None

    @property
    def name(self) -> str:
        return basename(self.path)

    @property
    def folder(self) -> str:
        return dirname(self.path) or HERE

    @property
    def suffix(self) -> str:
        return splitext(self.name)[1]

    @property
    def stem(self) -> str:
        return splitext(self.name)[0]

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple((self.text or "").splitlines())


@dataclass(frozen=True)
class View:
    """Files and folders in order of path; the workspace itself is not among the folders."""

    files: tuple[File, ...]
    folders: tuple[str, ...]

    def children(self, folder: str) -> tuple[str, ...]:
        """Names of what is directly in a folder."""
        return tuple(basename(path) for path in self.paths if (dirname(path) or HERE) == folder)

    def files_in(self, folder: str) -> tuple[File, ...]:
        return tuple(file for file in self.files if file.folder == folder)

    def folders_in(self, folder: str) -> tuple[str, ...]:
        return tuple(path for path in self.folders if (dirname(path) or HERE) == folder)

    def below(self, folder: str) -> tuple[str, ...]:
        """Paths of everything below a folder."""
        return tuple(path for path in self.paths if folder == HERE or path.startswith(folder + "/"))

    def has(self, path: str) -> bool:
        return path == HERE or path in self._known

    def matching(self, test: Callable[[File], bool]) -> tuple[File, ...]:
        return tuple(file for file in self.files if test(file))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted((*(file.path for file in self.files), *self.folders)))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.paths)


def look(root: Path) -> View:
    """The state of the workspace at `root`."""
    files: list[File] = []
    folders: list[str] = []
    for place, inner, names in os.walk(root):
        here = str(PurePosixPath(Path(place).relative_to(root)))
        folders += (within(here, name) for name in inner)
        files += (_file(root, within(here, name)) for name in names)
    return View(tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(folders)))


def within(folder: str, name: str) -> str:
    """The path of `name` in `folder`, without a `./` before it."""
    return name if folder == HERE else join(folder, name)


def _file(root: Path, path: str) -> File:
    place = root / path
    status = place.stat()
    return File(path, status.st_size, status.st_mtime, _text(place) if status.st_size <= _MAX_TEXT else None)


def _text(path: Path) -> str | None:
    content = path.read_bytes()
    if b"\0" in content or path.suffix.lower() in IMAGES | SOUNDS:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
