"""How people name what is remembered; what they did not tell yet; results as answers tell them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from training.offline.memory.graph import KINDS, Entity, Graph, Relation, graph_of, names_of
from training.offline.memory.values import values
from training.offline.scene import Scene
from training.offline.script import Call, Unfit

_WEIGHTS = (6, 3, 2, 1)
"""How often people speak of each kind of thing."""
_SHOWN = 8


def name(s: Scene[Graph], text: str) -> str:
    """A name as it is written: mostly without quotes."""
    return text if s.random.random() < 0.85 else s.enclosed(text)


def a_kind(s: Scene[Graph]) -> str:
    return s.random.choices(KINDS, _WEIGHTS)[0]


def new_name(s: Scene[Graph], kind: str) -> str:
    """Of something that is not remembered."""
    return s.pick([known for known in names_of(s.world, kind) if known not in s.state.names])


def new_fact(s: Scene[Graph], kind: str, known: Iterable[str] = ()) -> str:
    """What is not remembered of a thing of this kind, of which `known` is."""
    taken = set(known)
    return s.pick([fact for fact in values().facts[kind] if fact not in taken])


def some_entity(s: Scene[Graph]) -> Entity:
    """Mostly a person."""
    return s.pick(s.state.of(a_kind(s)))


def some_fact(s: Scene[Graph]) -> tuple[Entity, str]:
    """Something that is remembered of something."""
    entity = s.pick([entity for entity in s.state.entities if entity.observations])
    return entity, s.pick(entity.observations)


def new_relation(s: Scene[Graph], source: Entity | None = None) -> Relation:
    """One between two things that are remembered, and that are not related so far."""
    verb = s.pick([verb for verb in values().relations if source is None or verb.subject == source.kind])
    source, target = source or s.pick(s.state.of(verb.subject)), s.pick(s.state.of(verb.object))
    related = {(relation.source, relation.target) for relation in s.state.relations}
    if source == target or (source.name, target.name) in related:
        raise Unfit("nothing to relate")
    return Relation(source.name, verb.words.replace(" ", "_"), target.name)


# Calls


def creation(*entities: Entity) -> Call:
    made = [{"name": e.name, "entityType": e.kind, "observations": list(e.observations)} for e in entities]
    return Call("create_entities", {"entities": made})


def observation(name: str, *facts: str, fails: bool = False) -> Call:
    return Call("add_observations", {"observations": [{"entityName": name, "contents": list(facts)}]}, fails)


def opening(*names: str) -> Call:
    return Call("open_nodes", {"names": list(names)})


def search(query: str) -> Call:
    return Call("search_nodes", {"query": query})


def relating(*relations: Relation) -> Call:
    return Call("create_relations", {"relations": [_ends(relation) for relation in relations]})


def unrelating(*relations: Relation) -> Call:
    return Call("delete_relations", {"relations": [_ends(relation) for relation in relations]})


def _ends(relation: Relation) -> dict[str, str]:
    return {"from": relation.source, "to": relation.target, "relationType": relation.type}


# Results


def graph(text: str) -> Graph:
    return graph_of(json.loads(text))


def told(text: str) -> str:
    """A graph in words. Raises Unfit where there is nothing in it."""
    found = graph(text)
    if not found.entities:
        raise Unfit("nothing is found")
    lines = [f"{e.name} ({e.kind}){': ' if e.observations else ''}{'; '.join(e.observations)}" for e in found.entities]
    lines += [stated(relation) for relation in found.relations]
    more = len(lines) - _SHOWN
    return "\n".join(lines[:_SHOWN]) + (f"\n... and {more} more" if more > 0 else "")


def stated(relation: Relation) -> str:
    return f"{relation.source} {relation.words} {relation.target}."
