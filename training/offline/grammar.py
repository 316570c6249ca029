"""Phrasings with choices and slots: `(show|give) me (the|) {file}` stands for four sentences about one file.

(a|b|)      one of the alternatives, of which one may be empty; they may be nested
(a)         brackets without a bar are brackets; so is a bar outside brackets
{file}      a slot: filled with what a plan drew from the workspace
\\x          the character x itself, for ( ) | { } and \\; \\n is a new line
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

_TOKEN = re.compile(r"\\(.)|\{(\w+)\}|([(|)])|([^\\{}(|)]+)|(.)", re.DOTALL)
_SPACES = re.compile(r" {2,}")
_BEFORE_MARK = re.compile(r" +([,.;:?!])(?=\s)")
_BEFORE_LAST_MARK = re.compile(r" +([.?!])$")


class GrammarError(ValueError):
    """A phrasing that does not parse. The text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True)
class Choice:
    alternatives: tuple[Phrase, ...]


Part = str | Slot
Phrase = tuple[str | Slot | Choice, ...]


@dataclass(frozen=True)
class Phrasing:
    """One hand-written line and all the sentences that it stands for."""

    source: str

    @cached_property
    def phrase(self) -> Phrase:
        """Raises GrammarError."""
        return parse(self.source)

    @property
    def sentences(self) -> int:
        """How many ways there are to read it, before slots are filled."""
        return _count(self.phrase)

    def draw(self, random: Random) -> tuple[Part, ...]:
        """One of its sentences: words and slots in turn."""
        return tidy(list(_draw(self.phrase, random)))

    def variants(self) -> Iterator[tuple[Part, ...]]:
        """All of its sentences, in order; some may be the same."""
        for parts in _variants(self.phrase):
            yield tidy(list(parts))


def parse(source: str) -> Phrase:
    """Raises GrammarError for an open or stray bracket."""
    return _Parser(source).whole()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = [match.groups() for match in _TOKEN.finditer(source)]
        self._at = 0

    def whole(self) -> Phrase:
        parts: list[str | Slot | Choice] = []
        while self._at < len(self._tokens):
            parts += self._phrase()
            if self._at < len(self._tokens):
                if self._next() == ")":
                    raise GrammarError(f"{self._source!r}: a stray bracket; write \\) for the sign")
                parts.append("|")
        return tuple(parts)

    def _phrase(self) -> Phrase:
        """Up to the next bar or closing bracket."""
        parts: list[str | Slot | Choice] = []
        while self._at < len(self._tokens):
            escaped, slot, mark, words, stray = self._tokens[self._at]
            if stray is not None:
                raise GrammarError(f"{self._source!r}: a stray {stray!r}")
            if mark == "(":
                self._at += 1
                parts += self._bracket()
                continue
            if mark is not None:
                break
            parts.append(Slot(slot) if slot is not None else _sign(escaped) if escaped else words or "")
            self._at += 1
        return tuple(parts)

    def _bracket(self) -> Phrase:
        alternatives: list[Phrase] = []
        while True:
            alternatives.append(self._phrase())
            if self._at == len(self._tokens):
                raise GrammarError(f"{self._source!r}: a bracket is not closed")
            if self._next() == ")":
                break
        return (Choice(tuple(alternatives)),) if len(alternatives) > 1 else ("(", *alternatives[0], ")")

    def _next(self) -> str | None:
        """The mark here; the one after it is next."""
        self._at += 1
        return self._tokens[self._at - 1][2]


def _sign(escaped: str) -> str:
    return "\n" if escaped == "n" else escaped


def tidy(parts: list[Part]) -> tuple[Part, ...]:
    """Join words, and drop the spaces that an empty alternative leaves behind."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    for index, part in enumerate(joined):
        if isinstance(part, str):
            joined[index] = _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", part))
    if joined and isinstance(joined[0], str):
        joined[0] = joined[0].lstrip()
    if joined and isinstance(joined[-1], str):
        joined[-1] = _BEFORE_LAST_MARK.sub(r"\1", joined[-1].rstrip())
    return tuple(part for part in joined if part != "")


def _count(phrase: Phrase) -> int:
    number = 1
    for part in phrase:
        if isinstance(part, Choice):
            number *= sum(_count(alternative) for alternative in part.alternatives)
    return number


def _draw(phrase: Phrase, random: Random) -> Iterator[Part]:
    for part in phrase:
        if isinstance(part, Choice):
            yield from _draw(random.choice(part.alternatives), random)
        else:
            yield part


def _variants(phrase: Phrase) -> Iterator[tuple[Part, ...]]:
    if not phrase:
        yield ()
        return
    first, *rest = phrase
    heads: Iterator[tuple[Part, ...]]
    if isinstance(first, Choice):
        heads = (parts for alternative in first.alternatives for parts in _variants(alternative))
    else:
        heads = iter(((first,),))
    for head in heads:
        for tail in _variants(tuple(rest)):
            yield (*head, *tail)
