"""How people write a path into a request, and what stands in the arguments for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import basename, dirname
from random import Random

from training.offline.filesystem.view import HERE
from training.offline.saying import quoted, weighted

_ROOTS = (
    "the workspace",
    "the allowed directory",
    "the root folder",
    "my workspace",
    "the working directory",
    "the current directory",
    "this folder",
    "the sandbox",
    "the top-level folder",
    "the permitted workspace",
    "the project root",
    "the sandboxed area",
    "the main directory",
    "the shared folder",
    "the base directory",
    "the current folder",
    "this directory",
    "the root of the workspace",
    "the permitted area",
    "the allowed folder",
)
_FOLDERS = (
    ("{}", 40),
    ("the {} folder", 18),
    ("the {} directory", 10),
    ("the folder {}", 9),
    ("{}/", 9),
    ("my {} folder", 4),
    ("directory {}", 3),
    ("folder {}", 4),
    ("the directory {}", 3),
)
_INSIDE = (
    ("{name} in {folder}", 5),
    ("{name} in the {folder} folder", 4),
    ("{name} from {folder}", 2),
    ("{name} inside {folder}", 2),
    ("{name} (in {folder})", 2),
    ("the file {name} in {folder}", 2),
    ("{folder} -> {name}", 1),
    ("{name} under {folder}", 1),
    ("{name} within {folder}", 1),
    ("{name} in the folder {folder}", 2),
    ("the {name} in {folder}", 1),
    ("{name} below {folder}", 1),
    ("{name} of {folder}", 1),
    ("{name} out of {folder}", 1),
    ("{name} from the folder {folder}", 1),
    ("{name} (folder {folder})", 1),
    ("{name} (it lies in {folder})", 1),
    ("{name} (in the folder {folder})", 1),
    ("{name} that is in {folder}", 1),
    ("{folder}'s {name}", 1),
    ("{folder}: {name}", 1),
    ("in {folder} the file {name}", 1),
    ("the file called {name} in the {folder} folder", 1),
)
_NESTED = (
    ("{name} in {folder}", 4),
    ("{name} under {folder}", 2),
    ("{name} inside {folder}", 2),
    ("{name} within {folder}", 1),
)


@dataclass(frozen=True)
class Said:
    """A path as the arguments have it, and as the user wrote it."""

    path: str
    text: str


def file_mention(random: Random, path: str, root: str, *, plainly: bool = False) -> Said:
    """A file by its path; now and then by its name and folder, or from the root of the machine.

    plainly: as a path only, for phrasings that would not bear more.
    """
    chance = random.random()
    if chance < 0.04:
        path = f"{root}/{path}"
        return Said(path, quoted(random, path))
    if chance < 0.07:
        return Said(path, quoted(random, f"./{path}"))
    if chance < 0.27 and "/" in path and not plainly:
        return Said(path, _inside(random, path, _INSIDE))
    return Said(path, quoted(random, path))


def _inside(random: Random, path: str, forms: Sequence[tuple[str, int]]) -> str:
    """A path by its name and its folder."""
    return weighted(random, forms).format(name=quoted(random, basename(path)), folder=quoted(random, dirname(path)))


def folder_mention(random: Random, path: str, root: str) -> Said:
    """A folder by its path, with a slash at its end now and then, which the arguments do without.

    Now and then by its name and the folder that it is in, or from the root of the machine.
    """
    chance = random.random()
    if chance < 0.04:
        path = f"{root}/{path}"
        return Said(path, quoted(random, path))
    if chance < 0.07:
        return Said(path, quoted(random, f"./{path}"))
    if chance < 0.13 and "/" in path:
        return Said(path, _inside(random, path, _NESTED))
    return Said(path, quoted(random, f"{path}/" if chance < 0.24 else path))


def place_mention(random: Random, path: str, root: str) -> Said:
    """A folder with words around it, or words for the whole workspace, which in the arguments is `.`."""
    if path == HERE:
        return Said(HERE, random.choice(_ROOTS))
    if random.random() < 0.05:
        return Said(f"{root}/{path}", quoted(random, f"{root}/{path}"))
    form = weighted(random, _FOLDERS)
    if form == "{}/":
        return Said(path, quoted(random, f"{path}/"))
    return Said(path, form.format(quoted(random, path)))
