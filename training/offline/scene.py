"""What plans of a toolset draw from: chances, the slots to fill, and what is there now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from evaluation.workspaces.world import World
from training.offline import saying
from training.offline.script import Call, Earlier, Script, Task, Unfit

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Scene(Generic[S]):
    """The place of a request. `pick` and `sample` raise Unfit where there is nothing of the kind.

    slots: those of the phrasing. earlier: what was done just before, where the request follows on it. world: the
    people and projects that everything is about. state: what the server works on, as it is now.
    """

    random: Random
    slots: frozenset[str]
    earlier: Earlier | None
    world: World
    state: S

    def pick(self, options: Sequence[T]) -> T:
        if not options:
            raise Unfit("nothing of this kind")
        return self.random.choice(options)

    def sample(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Between `least` and `most` different ones, fewer where there are fewer."""
        if len(options) < least:
            raise Unfit("too few of this kind")
        return self.random.sample(options, self.random.randint(least, min(most, len(options))))

    @property
    def before(self) -> Earlier:
        if self.earlier is None:
            raise Unfit("nothing came before")
        return self.earlier

    def quoted(self, text: str) -> str:
        """In quotes of some kind, or in none."""
        return saying.quoted(self.random, text)

    def enclosed(self, text: str) -> str:
        """Always in quotes: for texts whose end would not be seen."""
        return saying.enclosed(self.random, text)

    def number(self, number: int) -> str:
        return saying.number_mention(self.random, number)

    def series(self, parts: Sequence[str]) -> str:
        return saying.series(self.random, parts)


Plan = Callable[[Scene[S]], Task]
"""Draws what a request is about, and says how it is carried out. Raises Unfit where there is no such thing."""


def named(*plans: Plan[S]) -> dict[str, Plan[S]]:
    """Plans by their functions' names, which are the headings in the bank."""
    return {plan.__name__: plan for plan in plans}


def one_call(slots: dict[str, str], call: Call, answer: Callable[[str], str], about: str | None = None) -> Task:
    """A request that a single call does. `answer` makes what the assistant says of its result."""

    def script() -> Script:
        return answer((yield call))

    return Task(slots, script(), about)


def several_calls(
    slots: dict[str, str], calls: Sequence[Call], answer: Callable[[list[str]], str], about: str | None = None
) -> Task:
    """A request that takes these calls, of which none needs the result of another."""

    def script() -> Script:
        results = []
        for call in calls:
            results.append((yield call))
        return answer(results)

    return Task(slots, script(), about)


def no_call(slots: dict[str, str] | None = None, answer: str = "") -> Task:
    """A request that needs no tool. An answer is given only where none stands beside the phrasing in the bank."""

    def script() -> Script:
        yield from ()
        return answer

    return Task(slots or {}, script())
