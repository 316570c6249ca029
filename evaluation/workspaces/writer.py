"""Sentences, paragraphs and values about one project of a world."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from evaluation.workspaces.world import HISTORY_DAYS, Person, Project, World, words

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Writer:
    """Writes about `project` as of `day`. All choices come from `random`, in the order of the calls."""

    random: Random
    world: World
    project: Project
    day: date

    @classmethod
    def about(cls, random: Random, world: World) -> Writer:
        """A writer with a project and a day of its own."""
        age = min(int(random.expovariate(1 / 130)), HISTORY_DAYS - 1)
        return cls(random, world, random.choice(world.projects), world.today - timedelta(days=age))

    def sentence(self, kind: str) -> str:
        """One sentence of this kind (a key of `sentences.toml`), its blanks filled in."""
        return self._filled(self.random.choice(words("sentences")[kind]))

    def lines(self, kind: str, least: int, most: int) -> list[str]:
        """Between `least` and `most` sentences, each from another template."""
        templates = words("sentences")[kind]
        return [self._filled(template) for template in self.random.sample(templates, self.random.randint(least, most))]

    def paragraph(self, kind: str, least: int = 2, most: int = 5) -> str:
        return " ".join(self.lines(kind, least, most))

    def title(self) -> str:
        """What a text could be about, as a heading."""
        thing = self.random.choice(self.project.domain.things)
        return self.random.choice(
            (thing, f"{self.random.choice(words('words')['adjectives'])} {thing}", f"{thing} {self.day.year}")
        )

    def person(self) -> Person:
        return self.random.choice(self.world.people)

    def near(self, back: int = 30, ahead: int = 30) -> date:
        """A day around the writer's own, in days."""
        return self.day + timedelta(days=self.random.randint(-back, ahead))

    def code(self) -> str:
        """A reference as offices give them."""
        letters = "".join(self.random.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(2))
        return f"{letters}-{self.random.randint(1000, 99999)}"

    def money(self) -> str:
        amount = self.random.randint(12, 24_000) if self.random.random() < 0.5 else self.random.randint(2, 180) * 50
        return f"{amount:,} euros"

    def measurement(self) -> tuple[str, int, str]:
        """What was measured, the value, its unit."""
        what, unit, low, high = self.random.choice(self.project.domain.measures)
        return what, self.random.randint(low, high), unit

    def _filled(self, template: str) -> str:
        values = self._values()

        def value(blank: re.Match[str]) -> str:
            name = blank[1]
            return values[name] if name in values else capital(values[name.lower()])

        return _BLANK.sub(value, template)

    def _values(self) -> Mapping[str, str]:
        thing, thing2 = self.random.sample(self.project.domain.things, 2)
        first, first2 = (person.first for person in self.random.sample(self.world.people, 2))
        what, value, unit = self.measurement()
        return {
            "thing": thing,
            "thing2": thing2,
            "first": first,
            "first2": first2,
            "problem": self.random.choice(self.project.domain.problems),
            "action": self.random.choice(self.project.domain.actions),
            "measure": f"the {what} was {value} {unit}",
            "number": str(self.random.randint(2, 60)),
            "number2": str(self.random.randint(2, 60)),
            "percent": f"{self.random.randint(3, 97)} %",
            "money": self.money(),
            "date": long_date(self.near()),
            "weekday": f"{self.near():%A}",
            "when": self.random.choice(words("words")["past"]),
            "then": self.random.choice(words("words")["ahead"]),
            "town": self.random.choice(self.world.towns),
            "client": self.random.choice(self.world.clients),
            "code": self.code(),
        }


def capital(text: str) -> str:
    """With a capital first letter; names inside keep theirs."""
    return text[:1].upper() + text[1:]


def long_date(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
