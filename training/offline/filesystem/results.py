"""The server's answers, read as far as plans need it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.offline.script import Unfit

_TOTAL = re.compile(r"^Combined size: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Listed:
    """A line of a listing; `size` as the server writes it, where it does."""

    name: str
    is_folder: bool
    size: str = ""


def listing(text: str) -> tuple[Listed, ...]:
    """The entries of `list_directory`."""
    marked = (line.split(" ", 1) for line in text.splitlines())
    return tuple(Listed(name, mark == "[DIR]") for mark, name in marked)


def sized_listing(text: str) -> tuple[Listed, ...]:
    """The entries of `list_directory_with_sizes`: names padded with spaces, then ten places for the size of a file."""
    marked = (line.split(" ", 1) for line in text.splitlines() if line.startswith("["))
    return tuple(
        Listed(rest.rstrip(), True) if mark == "[DIR]" else Listed(rest[:-10].rstrip(), False, rest[-10:].strip())
        for mark, rest in marked
    )


def combined_size(text: str) -> str:
    if (total := _TOTAL.search(text)) is None:
        raise Unfit("a listing with sizes has no total")
    return total[1]


def matches(text: str) -> tuple[str, ...]:
    """The paths that a search found."""
    return () if text == "No matches found" else tuple(text.splitlines())


def the_only(text: str) -> str:
    """The one path that a search found."""
    found = matches(text)
    if len(found) != 1:
        raise Unfit("the search does not find one path")
    return found[0]


def facts(text: str) -> dict[str, str]:
    """What the server says of a file: size, created, modified, accessed, isDirectory, isFile, permissions."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
