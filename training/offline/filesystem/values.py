"""Hand-written values for slots, from the files in `training/intents/filesystem/values`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from random import Random

from pydantic import BaseModel, ConfigDict

from training.offline.filesystem.view import View, within


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Strict):
    """Stems of file names with the extensions that any of them may have."""

    extensions: tuple[str, ...]
    stems: tuple[str, ...]

    def draw(self, random: Random) -> str:
        return random.choice(self.stems) + random.choice(self.extensions)


class Texts(_Strict):
    """Contents to write: one line, headings, several lines; entries of lists by what they are, and the values that a
    key of a configuration may have.

    A model that is to copy must not know the text: there are many, and what is put together is drawn anew each time.
    """

    lines: tuple[str, ...]
    titles: tuple[str, ...]
    blocks: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, tuple[str, ...]]


class Knowledge(_Strict):
    """Common knowledge, to ask about. A translation is a word, a language, and the word in that language."""

    topics: tuple[str, ...]
    translations: tuple[tuple[str, str, str], ...]
    capitals: dict[str, str]
    elements: dict[str, str]
    books: dict[str, str]
    terms: dict[str, str]


class Values(_Strict):
    roots: tuple[str, ...]
    folders: tuple[str, ...]
    names: tuple[Names, ...]
    media: tuple[Names, ...]
    blobs: tuple[Names, ...]
    texts: Texts
    kinds: dict[str, str]
    knowledge: Knowledge


@functools.cache
def values() -> Values:
    folder = files("training.intents").joinpath("filesystem", "values")
    read: dict[str, object] = {}
    for name in ("names.toml", "texts.toml", "knowledge.toml"):
        read |= tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))
    return Values.model_validate(read)


def file_name(random: Random) -> str:
    """A name for a text file."""
    return random.choice(values().names).draw(random)


def folder_path(random: Random, deepest: int = 3) -> str:
    """A path of one to `deepest` folders, of which none need exist."""
    depth = min(1 + int(random.expovariate(1.4)), deepest)
    return "/".join(random.sample(values().folders, depth))


def some_folder(random: Random, view: View) -> str:
    """A folder that exists, or the workspace itself."""
    return random.choice((".", *view.folders))


def free_path(random: Random, view: View, name: str, folder: str) -> str:
    """A path for something new; a number goes into the name if it is taken."""
    path, number = within(folder, name), 2
    stem, dot, extension = name.rpartition(".")
    while view.has(path):
        path = within(folder, f"{stem}-{number}{dot}{extension}" if stem else f"{name}-{number}")
        number += 1
    return path
