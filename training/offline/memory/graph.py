"""The memory: a graph of people, projects, companies and places, in the file that the server keeps it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evaluation.workspaces.world import World
from training.offline.memory.values import Verb, values

KINDS = ("person", "project", "company", "place")


@dataclass(frozen=True)
class Entity:
    name: str
    kind: str
    observations: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    source: str
    type: str
    target: str

    @property
    def words(self) -> str:
        """The relation as people say it."""
        return self.type.replace("_", " ")


@dataclass(frozen=True)
class Graph:
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]

    def of(self, kind: str) -> tuple[Entity, ...]:
        return tuple(entity for entity in self.entities if entity.kind == kind)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(entity.name for entity in self.entities)

    def matching(self, query: str) -> tuple[Entity, ...]:
        """What the server finds for a query."""
        wanted = query.lower()
        return tuple(
            entity
            for entity in self.entities
            if any(wanted in text.lower() for text in (entity.name, entity.kind, *entity.observations))
        )

    def write(self, path: Path) -> None:
        """In the server's own format: a JSON object a line."""
        lines: list[dict[str, Any]] = [
            {"type": "entity", "name": e.name, "entityType": e.kind, "observations": e.observations}
            for e in self.entities
        ]
        lines += [
            {"type": "relation", "from": r.source, "to": r.target, "relationType": r.type} for r in self.relations
        ]
        path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")


def read(path: Path) -> Graph:
    """What the server has remembered."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return graph_of(
        {
            "entities": [line for line in lines if line["type"] == "entity"],
            "relations": [line for line in lines if line["type"] == "relation"],
        }
    )


def graph_of(told: Mapping[str, Any]) -> Graph:
    """A graph as the server's tools answer it."""
    return Graph(
        tuple(Entity(e["name"], e["entityType"], tuple(e["observations"])) for e in told["entities"]),
        tuple(Relation(r["from"], r["relationType"], r["to"]) for r in told["relations"]),
    )


def names_of(world: World, kind: str) -> tuple[str, ...]:
    """All things of a kind that there are in the world."""
    match kind:
        case "person":
            return tuple(person.name for person in world.people)
        case "project":
            return tuple(project.name for project in world.projects)
        case "company":
            return tuple(dict.fromkeys((*world.clients, world.organisation)))
        case _:
            return tuple(dict.fromkeys((*world.towns[:4], *values().places)))


def remembered(world: World, random: Random) -> Graph:
    """Some of the world: never all, so that there is more to remember."""
    entities = []
    for kind, least, most in (("person", 3, 6), ("project", 1, 3), ("company", 1, 2), ("place", 0, 2)):
        for name in random.sample(names_of(world, kind), random.randint(least, most)):
            entities.append(
                Entity(name, kind, tuple(random.sample(values().facts[kind], random.choice((0, 1, 1, 2, 2, 3)))))
            )
    random.shuffle(entities)
    found = Graph(tuple(entities), ())
    relations: dict[tuple[str, str], Relation] = {}
    for _ in range(random.randint(3, 8)):
        verb = random.choice(values().relations)
        if (pair := related(found, verb, random)) is not None:
            relations.setdefault(pair, Relation(pair[0], type_of(verb), pair[1]))
    return Graph(tuple(entities), tuple(relations.values()))


def related(graph: Graph, verb: Verb, random: Random) -> tuple[str, str] | None:
    """Two things that may be related in this way; None where there are none."""
    sources, targets = graph.of(verb.subject), graph.of(verb.object)
    if not sources or not targets:
        return None
    source, target = random.choice(sources), random.choice(targets)
    return (source.name, target.name) if source != target else None


def type_of(verb: Verb) -> str:
    return verb.words.replace(" ", "_")
