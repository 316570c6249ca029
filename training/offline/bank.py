"""The bank: hand-written phrasings by plan, read from text files that people can review.

A file is a category: a tool's name, or a kind of request such as `several`. In it

    [plan]          a heading: the lines below it are phrasings of requests that this plan carries out
    words           a phrasing (see `training.offline.grammar`); its place in the file means nothing
    & words         the same; it may also be one of the parts that a longer request is put together of
    words => words  the same, and what the assistant answers, where no tool is called
    # words         a remark

A phrasing is known by its words, so adding one changes no other, and if two plans share it, it is one phrasing still.
Those that may be parts come in groups that are never mixed: what is made of a group can be kept apart from the rest.
One in ten is an opener: it is what a user asked for earlier in a conversation, and never what a demonstration is about.
So no words that a test is about are ever seen in training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

from training.errors import TrainingError
from training.offline.grammar import GrammarError, Phrasing

PARTS = "parts"
"""The category of the phrasings that may be parts, whatever file they are in."""
GROUPS = 20
"""Of phrasings that may be parts."""
OPENERS = 10
"""One phrasing of so many is an opener, and at least one of each plan."""
FOLLOWUPS = "followups"
"""The category of what is only said after something else."""
ANSWERED = frozenset({"none", FOLLOWUPS})
"""Categories in which an arrow parts a request from its answer; elsewhere it is a word like any other."""

K = TypeVar("K", int, str)
T = TypeVar("T")


class BankError(TrainingError):
    """A file of the bank is not as it must be. The text names the file and the line."""


@dataclass(frozen=True)
class Template:
    """A phrasing with its plan. `name` says what it may not be mixed with; `group` is None if it is never a part."""

    category: str
    plan: str
    phrasing: Phrasing
    name: str
    opens: bool = False
    group: int | None = None
    answer: Phrasing | None = None


@dataclass(frozen=True)
class Bank:
    templates: tuple[Template, ...]

    @cached_property
    def parts(self) -> Mapping[int, tuple[Template, ...]]:
        """Phrasings that may be parts, by their group; without openers."""
        return _grouped((t for t in self.templates if not t.opens), lambda template: template.group)

    @cached_property
    def openers(self) -> Mapping[str, tuple[Template, ...]]:
        """By plan."""
        return _grouped((t for t in self.templates if t.opens), lambda template: template.plan)

    def of(self, category: str) -> tuple[Template, ...]:
        """The phrasings of a category, without openers; those that may be parts are in `PARTS` alone."""
        return tuple(
            template
            for template in self.templates
            if not template.opens and category == (template.category if template.group is None else PARTS)
        )


def read_bank(toolset: str) -> Bank:
    """The bank of a toolset. Raises BankError."""
    folders = {folder.name: folder for folder in files("training.intents").iterdir() if _has_texts(folder)}
    if toolset not in folders:
        known = ", ".join(sorted(folders))
        raise BankError(
            f"nobody has written intents for the toolset {toolset!r}; there are some for: {known}", "toolset"
        )
    folder = folders[toolset]
    texts = {
        file.name.removesuffix(".txt"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".txt")
    }
    return parse_bank(texts)


def _has_texts(folder: Traversable) -> bool:
    return folder.is_dir() and any(file.name.endswith(".txt") for file in folder.iterdir())


def parse_bank(texts: Mapping[str, str]) -> Bank:
    """The bank of these files, by category. Raises BankError for a line that is wrong, or is there twice."""
    lines = [line for category in sorted(texts) for line in _lines(category, texts[category])]
    groups = {line.words: _digest(line.words) % GROUPS for line in lines if line.is_part}
    openers = _openers(lines)
    names: dict[str, str] = {}
    for line in lines:
        own = f"{line.category}/{line.plan}/{_digest(line.words):08x}"
        names.setdefault(line.words, f"{PARTS}/{groups[line.words]}" if line.words in groups else own)
    return Bank(
        tuple(
            Template(
                category=line.category,
                plan=line.plan,
                phrasing=Phrasing(line.words),
                name=names[line.words],
                opens=line.words in openers,
                group=groups[line.words] if line.is_part else None,
                answer=Phrasing(line.answer) if line.answer else None,
            )
            for line in lines
        )
    )


@dataclass(frozen=True)
class _Line:
    category: str
    plan: str
    words: str
    answer: str
    is_part: bool


def _lines(category: str, text: str) -> Iterator[_Line]:
    plan = ""
    seen: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            plan = line[1:-1]
            continue
        where = f"{category}.txt, line {number}"
        words, _, answer = line.partition(" => ") if category in ANSWERED else (line, "", "")
        words = words.removeprefix("& ").strip()
        if not plan:
            raise BankError(f"{where}: a phrasing before the first [plan]")
        if (plan, words) in seen:
            raise BankError(f"{where}: the same as line {seen[plan, words]}")
        seen[plan, words] = number
        try:
            _ = Phrasing(words).phrase, Phrasing(answer).phrase
        except GrammarError as error:
            raise BankError(f"{where}: {error}") from None
        yield _Line(category, plan, words, answer, line.startswith("& "))


def _openers(lines: Iterable[_Line]) -> set[str]:
    by_plan = _grouped((line for line in lines if line.category != FOLLOWUPS), lambda line: line.plan)
    words = {line.words for together in by_plan.values() for line in together if _digest(line.words) % OPENERS == 0}
    for together in by_plan.values():
        if all(line.words not in words for line in together):
            words.add(min((line.words for line in together), key=_digest))
    return words


def _digest(words: str) -> int:
    return int(hashlib.sha256(words.encode()).hexdigest()[:8], 16)


def _grouped(items: Iterable[T], key: Callable[[T], K | None]) -> dict[K, tuple[T, ...]]:
    groups: dict[K, list[T]] = {}
    for item in items:
        if (name := key(item)) is not None:
            groups.setdefault(name, []).append(item)
    return {name: tuple(together) for name, together in groups.items()}
