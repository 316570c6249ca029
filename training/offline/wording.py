"""From a phrasing to what a user types: slots filled, and the habits of people who type."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random

from pydantic import BaseModel, ConfigDict

from training.offline.grammar import Part, Slot

_SHELL = re.compile(r"(^[$>:])|(\s--?\w)|(\s[|&]{1,2}\s)|(^\w+$)|(=>|->)|(^s/)|(\*\*)")
_OPEN_ENDED = frozenset({"raw", "block"})
"""Slots whose end nobody could tell if something followed."""
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Frames(BaseModel):
    """What stands around a request (`training/intents/frames.toml`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: tuple[str, ...]
    after: tuple[str, ...]
    reasons: tuple[str, ...]
    systems: tuple[str, ...]


@functools.cache
def frames() -> Frames:
    text = files("training.intents").joinpath("frames.toml").read_text(encoding="utf-8")
    return Frames.model_validate(tomllib.loads(text))


@dataclass(frozen=True)
class Piece:
    """A part of a request: the phrasing's own words, or a value, which is never tampered with.

    is_open: a value whose end nobody could tell if something followed.
    """

    text: str
    is_value: bool = False
    is_open: bool = False


def fill(parts: Sequence[Part], slots: Mapping[str, str]) -> list[Piece]:
    """Raises KeyError for a slot that has no value."""
    return [
        Piece(slots[part.name], True, part.name in _OPEN_ENDED) if isinstance(part, Slot) else Piece(part)
        for part in parts
    ]


def plain(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def typed(random: Random, pieces: Sequence[Piece]) -> str:
    """The request as somebody types it: with capitals or without, with a full stop or none, a slip, a greeting.

    What looks like a command line is left as it is.
    """
    if _SHELL.search("".join("x" if piece.is_value else piece.text for piece in pieces)):
        return plain(pieces)
    pieces = _slipped(random, _cased(random, pieces))
    last, text = pieces[-1], plain(pieces)
    ended = text if last.is_open else _ended(random, text, last)
    starts_with_value = next((piece.is_value for piece in pieces if piece.text), True)
    return _framed(
        random,
        ended,
        stem=text if last.is_value else text.rstrip(".?!"),
        may_change_case=not starts_with_value,
        ends_open=last.is_open,
    )


def _cased(random: Random, pieces: Sequence[Piece]) -> list[Piece]:
    chance = random.random()
    if chance < 0.02:
        return [piece if piece.is_value else Piece(piece.text.upper()) for piece in pieces]
    if chance < 0.08:
        return [piece if piece.is_value else Piece(piece.text.lower().replace("'", "")) for piece in pieces]
    first = pieces[0]
    if chance < 0.60 and not first.is_value:
        return [Piece(first.text[:1].upper() + first.text[1:]), *pieces[1:]]
    return list(pieces)


def _slipped(random: Random, pieces: list[Piece]) -> list[Piece]:
    """One time in fourteen a slip of the finger or two, in words of four letters or more."""
    if random.random() > 0.07:
        return pieces
    for _ in range(random.choice((1, 1, 2))):
        index = random.choice([i for i, piece in enumerate(pieces) if not piece.is_value] or [-1])
        if index < 0:
            break
        words = re.split(r"(\W+)", pieces[index].text)
        long = [i for i, word in enumerate(words) if len(word) > 3 and word.isascii() and word.isalpha()]
        if long:
            at = random.choice(long)
            words[at] = slip(random, words[at])
            pieces[index] = Piece("".join(words))
    return pieces


def slip(random: Random, word: str) -> str:
    """A word with two letters swapped, one left out, doubled, or replaced by its neighbour on the keyboard."""
    at = random.randrange(1, len(word) - 1)
    match random.choice(("swap", "drop", "double", "near")):
        case "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "drop":
            return word[:at] + word[at + 1 :]
        case "double":
            return word[:at] + word[at] + word[at:]
        case _:
            return word[:at] + _neighbour(random, word[at]) + word[at + 1 :]


def _neighbour(random: Random, letter: str) -> str:
    """A letter beside this one on the keyboard; the letter itself if there is none."""
    row = next((row for row in _KEYBOARD if letter in row), letter)
    at = row.index(letter)
    return random.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)] or [letter])


def _ended(random: Random, text: str, last: Piece) -> str:
    chance = random.random()
    if text.endswith("?") and not last.is_value:
        return text[:-1] if chance < 0.12 else f"{text}?" if chance < 0.14 else text
    if text[-1:] in (".", "!", "?", ":", ""):
        return text
    # A full stop right behind a bare path could be taken for a part of it.
    bare = last.is_value and text[-1].isalnum()
    if chance < (0.08 if bare else 0.34):
        return f"{text}."
    return f"{text}!" if chance > 0.98 and not bare else text


def _framed(random: Random, text: str, *, stem: str, may_change_case: bool, ends_open: bool) -> str:
    """With something before or after it. `stem` is the text without the marks at its end."""
    chance = random.random()
    known = frames()
    if chance < 0.09:
        front = random.choice(known.before)
        lower = may_change_case and front[-1] not in "!." and _may_be_lower(text)
        return f"{front} {text[:1].lower() + text[1:] if lower else text}"
    if chance < 0.19:
        upper = may_change_case and random.random() < 0.7
        return f"{random.choice(known.reasons)} {text[:1].upper() + text[1:] if upper else text}"
    if chance < 0.29 and not ends_open:
        back = random.choice(
            [words for words in known.after if "please" not in text.lower() or "ple" not in words.lower()]
        )
        if back[0].isupper():
            return f"{text if text[-1:] in ('.', '?', '!') else text + random.choice(('.', '.', ' -'))} {back}"
        return f"{stem}{random.choice((', ', ' '))}{back}{'?' if text.endswith('?') else ''}"
    return text


def _may_be_lower(text: str) -> bool:
    """Whether the first word has a capital only because it is the first, and is not "I"."""
    return text[:1].isupper() and text[1:2].islower() and not text.startswith(("I'", "I "))
