"""How people write a path, a number or a text into a request, and what stands in the arguments for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import basename, dirname
from random import Random

from training.offline.filesystem.view import HERE

_QUOTES = {"": ("", ""), '"': ('"', '"'), "'": ("'", "'"), "`": ("`", "`"), "“": ("“", "”"), "«": ("«", "»")}
_PLAIN = (62, 18, 6, 10, 2, 1)
_SPACED = (14, 46, 16, 18, 4, 2)
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
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
)


@dataclass(frozen=True)
class Said:
    """A path as the arguments have it, and as the user wrote it."""

    path: str
    text: str


def quoted(random: Random, text: str) -> str:
    """`text` in quotes of some kind, or in none; with a space in it, mostly in quotes."""
    plain = " " not in text and "," not in text
    marks = [mark for mark in _QUOTES if not mark or not set(_QUOTES[mark]) & set(text)]
    weights = [weight for mark, weight in zip(_QUOTES, _PLAIN if plain else _SPACED, strict=True) if mark in marks]
    opening, closing = _QUOTES[random.choices(marks, weights)[0]]
    return f"{opening}{text}{closing}"


def enclosed(random: Random, text: str) -> str:
    """`text` always in quotes, where it can be: for texts and names whose end would not be seen."""
    marks = [mark for mark in ('"', '"', "'", "`", "“") if not set(_QUOTES[mark]) & set(text)]
    opening, closing = _QUOTES[random.choice(marks)] if marks else ("", "")
    return f"{opening}{text}{closing}"


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
    if chance < 0.20 and "/" in path and not plainly:
        forms, weights = zip(*_INSIDE, strict=True)
        form = random.choices(forms, weights)[0]
        name, folder = quoted(random, basename(path)), quoted(random, dirname(path))
        return Said(path, form.format(name=name, folder=folder))
    return Said(path, quoted(random, path))


def folder_mention(random: Random, path: str, root: str) -> Said:
    """A folder by its path, with a slash at its end now and then, which the arguments do without."""
    chance = random.random()
    if chance < 0.04:
        path = f"{root}/{path}"
        return Said(path, quoted(random, path))
    if chance < 0.07:
        return Said(path, quoted(random, f"./{path}"))
    return Said(path, quoted(random, f"{path}/" if chance < 0.22 else path))


def place_mention(random: Random, path: str, root: str) -> Said:
    """A folder with words around it, or words for the whole workspace, which in the arguments is `.`."""
    if path == HERE:
        return Said(HERE, random.choice(_ROOTS))
    if random.random() < 0.05:
        return Said(f"{root}/{path}", quoted(random, f"{root}/{path}"))
    forms, weights = zip(*_FOLDERS, strict=True)
    form = random.choices(forms, weights)[0]
    if form == "{}/":
        return Said(path, quoted(random, f"{path}/"))
    return Said(path, form.format(quoted(random, path)))


def number_mention(random: Random, number: int) -> str:
    """Digits mostly."""
    chance = random.random()
    if number == 12 and chance < 0.2:
        return "a dozen"
    if number < len(_WORDS) and chance < 0.14:
        return _WORDS[number]
    if number == 100 and chance < 0.2:
        return "a hundred"
    return str(number)


def series(random: Random, parts: Sequence[str]) -> str:
    """`a, b and c`, in one of the ways in which people join things."""
    *first, last = parts
    if not first:
        return last
    style = random.choices(("and", "oxford", "plus", "commas", "amp"), (54, 15, 6, 14, 8))[0]
    comma = ", ".join(first)
    match style:
        case "oxford" if len(first) > 1:
            return f"{comma}, and {last}"
        case "plus":
            return f"{' plus '.join(first)} plus {last}"
        case "commas" if len(first) > 1:
            return f"{comma}, {last}"
        case "amp":
            return f"{comma} & {last}"
        case _:
            return f"{comma} and {last}"
