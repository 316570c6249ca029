"""What every scenario works with: choices from a seed, wordings, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from evaluation.tasks.task import CallMade, Requirement

T = TypeVar("T")


class Unfit(Exception):
    """This world has nothing that the scenario could be about."""


@dataclass(frozen=True)
class Draft:
    """A task before it has a ground and a number. The plan's paths are relative to the workspace."""

    description: str
    query: str
    plan: tuple[CallMade, ...]
    requirements: tuple[Requirement, ...]


class Drawing:
    """Draws a task from `random`; `variant` says which of a scenario's wordings is wanted."""

    def __init__(self, random: Random, variant: int) -> None:
        self.random = random
        self.variant = variant

    def worded(self, *wordings: str) -> str:
        return wordings[self.variant % len(wordings)]

    def pick(self, options: Sequence[T]) -> T:
        if not options:
            raise Unfit
        return self.random.choice(options)

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Between `least` and `most` of them, in their order."""
        if len(options) < least:
            raise Unfit
        chosen = self.random.sample(range(len(options)), self.random.randint(least, min(most, len(options))))
        return [options[index] for index in sorted(chosen)]


def call(tool: str, /, **arguments: Any) -> CallMade:
    return CallMade(tool=tool, arguments=arguments)


def listing(names: Sequence[str]) -> str:
    """Names in a sentence."""
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
