"""How people write a name, a number, a text or several of them into a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

_QUOTES = {"": ("", ""), '"': ('"', '"'), "'": ("'", "'"), "`": ("`", "`"), "“": ("“", "”"), "«": ("«", "»")}
_BRACKETS = {("{", "}"), ("[", "]"), ("<", ">")}
_PLAIN = (62, 18, 6, 10, 2, 1)
_SPACED = (14, 46, 16, 18, 4, 2)
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)


def weighted(random: Random, options: Sequence[tuple[T, int]]) -> T:
    """One of these, as often as its weight says."""
    ways, weights = zip(*options, strict=True)
    chosen: T = random.choices(ways, weights)[0]
    return chosen


def worded(random: Random, forms: Sequence[tuple[str, int]], words: Mapping[str, str]) -> str:
    """One of these forms, as often as its weight says, with the words in it."""
    return weighted(random, forms).format(**words)


def quoted(random: Random, text: str) -> str:
    """`text` in quotes of some kind, or in none; with a space in it, mostly in quotes."""
    plain = " " not in text and "," not in text
    marks = [mark for mark in _QUOTES if not mark or not set(_QUOTES[mark]) & set(text)]
    weights = [weight for mark, weight in zip(_QUOTES, _PLAIN if plain else _SPACED, strict=True) if mark in marks]
    opening, closing = _QUOTES[random.choices(marks, weights)[0]]
    return f"{opening}{text}{closing}"


def enclosed(random: Random, text: str) -> str:
    """`text` always in quotes, where it can be: for texts and names whose end would not be seen.

    What has brackets of its own needs none, and mostly gets none.
    """
    if (text[:1], text[-1:]) in _BRACKETS and random.random() < 0.7:
        return text
    marks = [mark for mark in ('"', '"', "'", "`", "“") if not set(_QUOTES[mark]) & set(text)]
    opening, closing = _QUOTES[random.choice(marks)] if marks else ("", "")
    return f"{opening}{text}{closing}"


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
