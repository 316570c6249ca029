"""The people, projects and words behind one workspace: invented from a seed, and the same wherever they turn up."""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any

_EPOCH = date(2022, 1, 3)
_SPREAD_DAYS = 900
HISTORY_DAYS = 540  # nothing in a workspace is older than this, counted from its own present day


@dataclass(frozen=True)
class Domain:
    """What some people work on: noun phrases, what they do, what goes wrong, what they measure."""

    name: str
    things: tuple[str, ...]
    actions: tuple[str, ...]
    problems: tuple[str, ...]
    measures: tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class Person:
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def handle(self) -> str:
        """As in an address or a user name: lower case, ASCII."""
        return ascii_only(f"{self.first}.{self.last}").lower()


@dataclass(frozen=True)
class Project:
    name: str
    domain: Domain
    client: str
    lead: Person
    start: date
    budget: int


@dataclass(frozen=True)
class World:
    """Everything that files of one workspace may speak of. `today` is when its owner last touched anything."""

    owner: Person
    people: tuple[Person, ...]
    projects: tuple[Project, ...]
    clients: tuple[str, ...]
    towns: tuple[str, ...]
    organisation: str
    today: date

    @property
    def host(self) -> str:
        return f"{ascii_only(self.organisation).lower().split()[0]}.example"


@functools.cache
def words(name: str) -> dict[str, Any]:
    """One of the word files beside this module."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def domains() -> tuple[Domain, ...]:
    return tuple(
        Domain(
            name,
            tuple(entry["things"]),
            tuple(entry["actions"]),
            tuple(entry["problems"]),
            tuple((what, unit, low, high) for what, unit, low, high in entry["measures"]),
        )
        for name, entry in words("domains").items()
    )


def make_world(random: Random) -> World:
    """Invent a world: a dozen people, a handful of projects in different domains, clients and towns."""
    names = words("words")
    people = tuple(
        Person(first, last)
        for first, last in zip(
            random.sample(names["first_names"], 14), random.sample(names["last_names"], 14), strict=True
        )
    )
    clients = tuple(_client(random, names["client_kinds"]) for _ in range(9))
    today = _EPOCH + timedelta(days=random.randrange(_SPREAD_DAYS) + HISTORY_DAYS)
    code_names = random.sample(names["code_names"], 10)
    projects = tuple(
        Project(
            name=f"{first} {second}".title(),
            domain=domain,
            client=random.choice(clients),
            lead=random.choice(people),
            start=today - timedelta(days=random.randrange(60, HISTORY_DAYS)),
            budget=random.randrange(4, 400) * 500,
        )
        for first, second, domain in zip(code_names[:5], code_names[5:], random.sample(domains(), 5), strict=True)
    )
    return World(
        owner=people[0],
        people=people,
        projects=projects,
        clients=clients,
        towns=tuple(_place(random) for _ in range(8)),
        organisation=f"{_brand(random)} {random.choice(names['client_kinds'])}",
        today=today,
    )


def _client(random: Random, kinds: Sequence[str]) -> str:
    if random.random() < 0.4:
        return f"{random.choice(words('words')['last_names'])} {random.choice(kinds)}"
    return f"{_brand(random)} {random.choice(kinds)}"


def _brand(random: Random) -> str:
    return _syllables(random, "brand_ends")


def _place(random: Random) -> str:
    return _syllables(random, "place_ends")


def _syllables(random: Random, ends: str) -> str:
    names = words("words")
    middle = random.choice(names["middles"]) if random.random() < 0.55 else ""
    return str(random.choice(names["starts"]) + middle + random.choice(names[ends]))


def ascii_only(text: str) -> str:
    """Without marks above and below letters; a letter that has no such form is left out."""
    spelt = (
        text.replace("ø", "o")
        .replace("Ø", "O")
        .replace("ł", "l")
        .replace("Ł", "L")
        .replace("ı", "i")
        .replace("ß", "ss")
    )
    return unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
