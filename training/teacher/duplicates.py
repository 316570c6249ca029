"""Requests that say the same, or nearly, as one that came before."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from hashlib import blake2b
from itertools import pairwise
from math import ceil

THRESHOLD = Fraction(7, 10)
"""Requests are near-duplicates when this share of the words and pairs of words of both is in each (Jaccard)."""
_WORD = re.compile(r"\w+")


def normalized(text: str) -> str:
    """The words, without case and without what stands between them."""
    return " ".join(_WORD.findall(text.casefold()))


def shingles(text: str) -> frozenset[str]:
    """The words of a text and its pairs of neighbouring words."""
    words = normalized(text).split(" ")
    return frozenset([*words, *map(" ".join, pairwise(words))])


def similar(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared * THRESHOLD.denominator >= (len(one) + len(other) - shared) * THRESHOLD.numerator


class Seen:
    """The requests so far.

    Two sets can only be as similar as THRESHOLD if they share one of the first few of their members, in any order
    that holds for all sets: only these are looked up (prefix filtering, Chaudhuri et al., ICDE 2006).
    """

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._sets: list[frozenset[str]] = []
        self._index: dict[str, list[int]] = defaultdict(list)

    def add(self, text: str) -> str | None:
        """Why the text is not new; None, and it is taken in, where it is."""
        plain = normalized(text)
        if plain in self._texts:
            return "a duplicate"
        own = shingles(text)
        first = _first(own)
        candidates = {number for member in first for number in self._index.get(member, ())}
        if any(similar(own, self._sets[number]) for number in candidates):
            return "a near-duplicate"
        self._texts.add(plain)
        for member in first:
            self._index[member].append(len(self._sets))
        self._sets.append(own)
        return None


def _first(members: frozenset[str]) -> list[str]:
    """As many as cannot all be missing from a set that is as similar; in the order of their digests."""
    ordered = sorted(members, key=lambda member: blake2b(member.encode(), digest_size=8).digest())
    return ordered[: len(members) - ceil(THRESHOLD * len(members)) + 1]
