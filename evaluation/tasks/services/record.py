"""What a service holds, written down as if it were a folder: its objects are folders, their fields files with a text.

Paths are made of names, so that neither the identifiers nor the times that a service makes up matter. An object keeps
the path that it was first known by, whatever it is called later.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from evaluation.tasks.facts import Facts
from evaluation.workspaces import Diff
from toolsets.trajectory import Observation

Json = dict[str, Any]
Names = Mapping[str, str]
"""Paths by identifier."""


@dataclass(frozen=True)
class Record:
    """texts: what there is by path, the text of a field, None for an object. names: paths of objects by identifier."""

    texts: Mapping[str, str | None] = field(default_factory=dict)
    names: Names = field(default_factory=dict)

    def changes_to(self, after: Record) -> Diff:
        """What happened between two records of one service. Nothing counts as moved."""
        old, new = self.texts, after.texts
        return Diff(
            created=tuple(path for path in new if path not in old),
            deleted=tuple(path for path in old if path not in new),
            changed={path: ("text",) for path in old if path in new and old[path] != new[path]},
        )


@dataclass(frozen=True)
class Service:
    """How the state of a service, as its stand-in gives it, and the results of its tools are to be read.

    record: of a state, with the paths by which objects are known already. facts: of a result that is no error.
    changed: the objects that a call which succeeded was to change.
    """

    record: Callable[[Json, Names], Record]
    facts: Callable[[Observation, Names], Facts]
    changed: Callable[[Observation, Names], Iterator[str]]


class Book:
    """A record in the making."""

    def __init__(self, known: Names) -> None:
        self._known = known
        self._taken = set(known.values())
        self.texts: dict[str, str | None] = {}
        self.names: dict[str, str] = {}

    def enter(self, identifier: str, path: str) -> str:
        """An object, at the path that it is known by, else at `path`, with a number where that is taken."""
        found = self._known.get(identifier) or self._free(path, (f"{path} ({number})" for number in count(2)))
        return self._at(identifier, found)

    def count(self, identifier: str, folder: str) -> str:
        """One of several without a name, under the first free number."""
        found = self._known.get(identifier) or self._free(f"{folder}/1", (f"{folder}/{n}" for n in count(2)))
        return self._at(identifier, found)

    def put(self, path: str, fields: Iterator[tuple[str, str]]) -> None:
        """The fields of the object at `path`; empty ones are as good as none."""
        self.texts |= {f"{path}/{name}": text for name, text in fields if text}

    def retitle(self, path: str, field: str, wanted: str, title: str) -> None:
        """The field for a title that is no longer the one in the path."""
        if not re.fullmatch(re.escape(wanted) + r"( \(\d+\))?", path):
            self.texts[f"{path}/{field}"] = title

    def close(self) -> Record:
        return Record(self.texts, self.names)

    def _at(self, identifier: str, path: str) -> str:
        self._taken.add(path)
        self.names[identifier] = path
        self.texts[path] = None
        return path

    def _free(self, path: str, others: Iterator[str]) -> str:
        return path if path not in self._taken else next(other for other in others if other not in self._taken)


def as_json(seen: Observation) -> Any:
    """A result as JSON, None where it is none. Of one that was cut off, what comes before in a list of objects."""
    text = seen.result.text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _until_cut(text) if seen.result.truncated else None


def fingerprint(state: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of what a service holds: its whole state, or the texts of a record."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


_LIST = re.compile(r'"(results|items|data|updates)":\[')


def _until_cut(text: str) -> Json | None:
    """The whole objects at the start of the list that an answer consists of."""
    if (match := _LIST.search(text)) is None:
        return None
    decoder, place = json.JSONDecoder(), match.end()
    found: list[Any] = []
    while True:
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return {"object": "list", match[1]: found}
        found.append(value)
        place += 1  # the comma
