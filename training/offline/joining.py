"""Requests put together of several: one after the other, in a sentence or a list."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from training.offline.saying import weighted
from training.offline.wording import Piece

_BETWEEN = (
    (", then ", 6),
    (" and then ", 6),
    (", and then ", 3),
    ("; then ", 2),
    (". Then ", 3),
    (". After that, ", 3),
    (" and ", 6),
    (", and ", 4),
    ("; ", 2),
    (". Also ", 3),
    (". And ", 2),
    (", and also ", 2),
    (", after that ", 2),
    (". Next, ", 2),
    (". Once that's done, ", 1),
    (". When you're done, ", 1),
    (" && ", 1),
    (", afterwards ", 1),
)
_BEFORE = (
    "",
    "",
    "",
    "",
    "please ",
    "first ",
    "first, ",
    "can you ",
    "could you please ",
    "I need you to ",
    "I want you to ",
)
_LIST_TITLES = ("", "Please do the following:\n", "Three things:\n", "To do:\n", "Tasks:\n", "here's what I need:\n")


def joined(random: Random, requests: Sequence[Sequence[Piece]]) -> list[Piece]:
    """All of them as one, in their order."""
    if len(requests) == 1:
        return [Piece(random.choice(_BEFORE)), *requests[0]] if random.random() < 0.3 else list(requests[0])
    if random.random() < 0.12:
        return _listed(random, requests)
    pieces = [Piece(random.choice(_BEFORE)), *requests[0]]
    for index, request in enumerate(requests[1:], 2):
        between = weighted(random, _BETWEEN)
        if 2 < len(requests) != index:
            between = random.choice((", ", ", then ", "; "))
        pieces += [Piece(between), *request]
    return pieces


def _listed(random: Random, requests: Sequence[Sequence[Piece]]) -> list[Piece]:
    """One to a line, numbered or not."""
    numbered = random.random() < 0.6
    title = random.choice([t for t in _LIST_TITLES if "Three" not in t or len(requests) == 3])
    pieces = [Piece(title)]
    for number, request in enumerate(requests, 1):
        mark = f"{number}. " if numbered else "- "
        pieces += [Piece(mark if number == 1 else f"\n{mark}"), *request]
    return pieces
