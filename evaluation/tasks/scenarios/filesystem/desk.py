"""What a scenario finds on a workspace, and what a task is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from posixpath import dirname
from random import Random

from evaluation.tasks.facts import rounded
from evaluation.tasks.scenarios.drawing import Drawing, Unfit
from evaluation.tasks.task import Content, Field, Listed
from evaluation.workspaces import File, Workspace

LONGEST = 3500
"""Characters of a text that is read whole."""


@dataclass(frozen=True)
class Page:
    """A file as scenarios see it. `text` is None where it is no text."""

    path: str
    size: int
    modified: datetime
    mode: int
    text: str | None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return dirname(self.path) or "."

    @property
    def suffix(self) -> str:
        return f".{self.name.rpartition('.')[2]}" if "." in self.name[1:] else ""

    @cached_property
    def lines(self) -> list[str]:
        return (self.text or "").splitlines()

    def head(self, number: int) -> str:
        return "\n".join(self.lines[:number])

    def tail(self, number: int) -> str:
        """As the server counts: after a line end at the end comes one more line, which is empty."""
        return "\n".join((self.text or "").split("\n")[-number:])

    # Requirements

    @property
    def listed(self) -> Listed:
        return Listed(path=self.path)

    @property
    def content(self) -> Content:
        return Content(path=self.path, text=self.text or "")

    def showing(self, text: str) -> Content:
        """The lines that were asked for."""
        return Content(path=self.path, text=text)

    @property
    def exact_size(self) -> Field:
        return Field(path=self.path, field="size", value=str(self.size))

    @property
    def rounded_size(self) -> Field:
        return Field(path=self.path, field="rounded size", value=rounded(self.size))

    @property
    def time(self) -> Field:
        value = f"{self.modified:%a %b %d %Y %H:%M:%S GMT%z} (Coordinated Universal Time)"
        return Field(path=self.path, field="modified", value=value)

    @property
    def permissions(self) -> Field:
        return Field(path=self.path, field="permissions", value=f"{self.mode:o}")


class Desk(Drawing):
    """A workspace to draw a task from."""

    def __init__(self, workspace: Workspace, random: Random, variant: int) -> None:
        super().__init__(random, variant)
        self.workspace = workspace
        self.pages = tuple(_page(file) for file in workspace.files)
        paths = [*(page.path for page in self.pages), *(f"{path}/." for path in workspace.empty_folders)]
        self.folders = tuple(sorted({above for path in paths for above in _above(path)}))

    def texts(self, *, lines: int = 1, most: int = LONGEST, suffixes: Sequence[str] = ()) -> list[Page]:
        return [
            page
            for page in self.pages
            if page.text
            and len(page.lines) >= lines
            and page.size <= most
            and (page.suffix in suffixes or not suffixes)
        ]

    def inside(self, folder: str) -> list[Page]:
        """The files directly in a folder."""
        return [page for page in self.pages if page.folder == folder]

    def below(self, folder: str) -> list[Page]:
        return [page for page in self.pages if folder == "." or page.path.startswith(f"{folder}/")]

    def folders_in(self, folder: str) -> list[str]:
        return [path for path in self.folders if (dirname(path) or ".") == folder]

    def folders_below(self, folder: str) -> list[str]:
        return [path for path in self.folders if path.startswith(f"{folder}/")]

    def place(self, least: int, most: int, fits: Callable[[list[Page]], bool] = lambda _: True) -> str:
        """A folder that directly holds between `least` and `most` files and no folder, and that fits."""
        fitting = [
            folder
            for folder in self.folders
            if least <= len(self.inside(folder)) <= most and not self.folders_in(folder) and fits(self.inside(folder))
        ]
        return self.pick(fitting)

    def free(self, path: str) -> str:
        """`path`, where nothing is yet."""
        if any(page.path == path or page.path.startswith(f"{path}/") for page in self.pages):
            raise Unfit
        return path


def largest(pages: Sequence[Page]) -> Page:
    """The one that is larger than all others."""
    first, *rest = sorted(pages, key=lambda page: -page.size)
    if rest and rest[0].size == first.size:
        raise Unfit
    return first


def newest(pages: Sequence[Page]) -> Page:
    """The one that was changed after all others."""
    first, *rest = sorted(pages, key=lambda page: page.modified, reverse=True)
    if rest and rest[0].modified == first.modified:
        raise Unfit
    return first


def _page(file: File) -> Page:
    try:
        text = None if b"\0" in file.content else file.content.decode()
    except UnicodeDecodeError:
        text = None
    return Page(str(file.path), len(file.content), file.modified, file.mode, text)


def _above(path: str) -> list[str]:
    """The folders above a path, the workspace itself apart."""
    folders = []
    while path := dirname(path):
        folders.append(path)
    return folders
