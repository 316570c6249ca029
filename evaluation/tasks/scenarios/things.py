"""What a service holds, as scenarios see it and as requirements name it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from evaluation.standins import StandIn
from evaluation.tasks.scenarios.drawing import Drawing, Unfit
from evaluation.tasks.services import SERVICES, Record
from evaluation.tasks.task import Content, Folder, Gone, Listed, Requirement, Written

Json = dict[str, Any]


@dataclass(frozen=True)
class Thing:
    """An object of a service by its name, with its fields by name."""

    id: str
    name: str
    path: str
    fields: Mapping[str, str]

    @property
    def listed(self) -> Requirement:
        return Listed(path=self.path)

    @property
    def gone(self) -> Requirement:
        return Gone(path=self.path)

    def shows(self, *names: str) -> tuple[Requirement, ...]:
        """A result gives these fields, as far as they are filled in."""
        return tuple(Content(path=f"{self.path}/{name}", text=self.fields[name]) for name in names if self.has(name))

    def becomes(self, name: str, text: str) -> Requirement:
        return Written(path=f"{self.path}/{name}", text=text)

    def has(self, name: str) -> bool:
        return name in self.fields

    def below(self, folder: str) -> tuple[str, ...]:
        """The fields in a part of it that is numbered, in order."""
        names = [name for name in self.fields if name.startswith(f"{folder}/") and name.count("/") == 1]
        return tuple(sorted(names, key=lambda name: int(name.rpartition("/")[2])))

    def next(self, folder: str) -> str:
        """The field that the next one there will be."""
        return f"{folder}/{len(self.below(folder)) + 1}"


class ServiceDesk(Drawing):
    """A service to draw a task from."""

    def __init__(self, standin: StandIn[Any], random: Random, variant: int) -> None:
        super().__init__(random, variant)
        self.state = standin.snapshot()
        self.record: Record = SERVICES[standin.toolset].record(self.state, {})
        self._identifiers = standin.state.identifiers

    def thing(self, identifier: str, name: str) -> Thing:
        """Raises Unfit for one whose path is not its own."""
        path = self.record.names[identifier]
        if not path.endswith(name):
            raise Unfit
        texts = self.record.texts
        fields = {at[len(path) + 1 :]: text for at, text in texts.items() if text and at.startswith(f"{path}/")}
        return Thing(identifier, name, path, fields)

    def next_uuid(self) -> str:
        """The identifier that the service will give next."""
        return str(deepcopy(self._identifiers).uuid())

    def next_number(self) -> str:
        return str(deepcopy(self._identifiers).number())


def made(path: str, **fields: str) -> tuple[Requirement, ...]:
    """An object that is there in the end and was not before, with these fields."""
    return (Folder(path=path), *(Written(path=f"{path}/{name}", text=text) for name, text in fields.items()))
