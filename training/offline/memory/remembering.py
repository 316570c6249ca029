"""Plans that change the memory with one call."""

from __future__ import annotations

from training.offline.memory.graph import Entity, Graph, Relation
from training.offline.memory.said import (
    a_kind,
    creation,
    name,
    new_fact,
    new_name,
    new_relation,
    observation,
    relating,
    some_entity,
    some_fact,
    stated,
    unrelating,
)
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task, Unfit

# create_entities


def create_bare(s: Scene[Graph]) -> Task:
    kind = a_kind(s)
    entity = Entity(new_name(s, kind), kind, ())
    return _created(entity, {"name": name(s, entity.name), "type": kind})


def create_with(s: Scene[Graph]) -> Task:
    kind = a_kind(s)
    entity = Entity(new_name(s, kind), kind, (new_fact(s, kind),))
    return _created(entity, {"name": name(s, entity.name), "type": kind, "raw": entity.observations[0]})


def create_quoted(s: Scene[Graph]) -> Task:
    """With one or two observations in quotes."""
    kind = a_kind(s)
    first = new_fact(s, kind)
    facts = (first,) if s.random.random() < 0.4 else (first, new_fact(s, kind, [first]))
    entity = Entity(new_name(s, kind), kind, facts)
    words = {"name": name(s, entity.name), "type": kind, "facts": s.series([s.enclosed(fact) for fact in facts])}
    return _created(entity, words)


def _created(entity: Entity, words: dict[str, str]) -> Task:
    return one_call(words, creation(entity), lambda text: f"I will remember {entity.name}.", entity.name)


def create_people(s: Scene[Graph]) -> Task:
    """Two or three at once, of one kind."""
    return _create_some(s, "person")


def create_projects(s: Scene[Graph]) -> Task:
    return _create_some(s, "project")


def create_companies(s: Scene[Graph]) -> Task:
    return _create_some(s, "company")


def _create_some(s: Scene[Graph], kind: str) -> Task:
    first = new_name(s, kind)
    others = [other for other in (new_name(s, kind) for _ in range(s.random.choice((1, 1, 2)))) if other != first]
    names = list(dict.fromkeys([first, *others]))
    if len(names) < 2:
        raise Unfit("too few of this kind")
    call = creation(*(Entity(known, kind, ()) for known in names))
    return one_call({"names": s.series(names)}, call, lambda text: f"I will remember {', '.join(names)}.")


# add_observations


def observe(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    fact = new_fact(s, entity.kind, entity.observations)
    return observed(s, entity, fact)


def observe_quoted(s: Scene[Graph]) -> Task:
    return observe(s)


def observed(s: Scene[Graph], entity: Entity, fact: str) -> Task:
    words = {"name": name(s, entity.name), "raw": fact, "fact": s.enclosed(fact)}
    return one_call(words, observation(entity.name, fact), lambda text: f"Noted: {entity.name} {fact}.", entity.name)


def observe_two(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    first = new_fact(s, entity.kind, entity.observations)
    second = new_fact(s, entity.kind, [*entity.observations, first])
    words = {"name": name(s, entity.name), "fact": s.enclosed(first), "fact2": s.enclosed(second)}
    return one_call(words, observation(entity.name, first, second), lambda text: f"Noted both about {entity.name}.")


def observe_both(s: Scene[Graph]) -> Task:
    """The same about two people."""
    one, other = s.sample(s.state.of("person"), 2, 2)
    fact = new_fact(s, "person", [*one.observations, *other.observations])
    noted = [{"entityName": entity.name, "contents": [fact]} for entity in (one, other)]
    call = Call("add_observations", {"observations": noted})
    words = {"name": one.name, "other": other.name, "fact": s.enclosed(fact)}
    return one_call(words, call, lambda text: f"Noted about {one.name} and {other.name}.")


# create_relations


def relate(s: Scene[Graph]) -> Task:
    relation = new_relation(s)
    return related(_ends(s, relation), relation)


def relate_typed(s: Scene[Graph]) -> Task:
    """The type of the relation as the memory has it."""
    relation = new_relation(s)
    return related(_ends(s, relation) | {"type": s.quoted(relation.type)}, relation)


def related(words: dict[str, str], relation: Relation) -> Task:
    return one_call(words, relating(relation), lambda text: f"Noted: {stated(relation)}")


def relate_two(s: Scene[Graph]) -> Task:
    """Two people in the same way to one thing."""
    relation = new_relation(s)
    sources = [entity.name for entity in s.state.of("person") if entity.name not in (relation.source, relation.target)]
    if relation.source not in {entity.name for entity in s.state.of("person")} or relation.type.startswith(
        ("is_", "reports")
    ):
        raise Unfit("nothing that two people do")
    second = Relation(s.pick(sources), relation.type, relation.target)
    if second in s.state.relations:
        raise Unfit("nothing to relate")
    words = {"from": relation.source, "other": second.source, "type": s.quoted(relation.type), "to": relation.target}
    return one_call(words, relating(relation, second), lambda text: f"Noted: {stated(relation)} {stated(second)}")


def _ends(s: Scene[Graph], relation: Relation) -> dict[str, str]:
    return {"from": name(s, relation.source), "verb": relation.words, "to": name(s, relation.target)}


# Forgetting


def forget(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    return forgotten({"name": name(s, entity.name), "type": entity.kind}, entity.name)


def forget_some(s: Scene[Graph]) -> Task:
    names = [entity.name for entity in s.sample(s.state.entities, 2, 3)]
    return forgotten({"names": s.series(names)}, *names)


def forgotten(words: dict[str, str], *names: str) -> Task:
    call = Call("delete_entities", {"entityNames": list(names)})
    return one_call(words, call, lambda text: f"I have forgotten {' and '.join(names)}.")


def unobserve(s: Scene[Graph]) -> Task:
    entity, fact = some_fact(s)
    words = {"name": name(s, entity.name), "raw": fact, "fact": s.enclosed(fact)}
    return unobserved(words, entity.name, fact)


def unobserve_quoted(s: Scene[Graph]) -> Task:
    return unobserve(s)


def unobserve_two(s: Scene[Graph]) -> Task:
    entity = s.pick([entity for entity in s.state.entities if len(entity.observations) > 1])
    first, second = s.random.sample(entity.observations, 2)
    words = {"name": name(s, entity.name), "fact": s.enclosed(first), "fact2": s.enclosed(second)}
    return unobserved(words, entity.name, first, second)


def unobserved(words: dict[str, str], name: str, *facts: str) -> Task:
    call = Call("delete_observations", {"deletions": [{"entityName": name, "observations": list(facts)}]})
    return one_call(words, call, lambda text: f"I no longer note of {name}: {'; '.join(facts)}.")


def unrelate(s: Scene[Graph]) -> Task:
    relation = s.pick(s.state.relations)
    return unrelated(_ends(s, relation), relation)


def unrelate_typed(s: Scene[Graph]) -> Task:
    relation = s.pick(s.state.relations)
    return unrelated(_ends(s, relation) | {"type": s.quoted(relation.type)}, relation)


def unrelated(words: dict[str, str], relation: Relation) -> Task:
    return one_call(words, unrelating(relation), lambda text: f"I have forgotten that {stated(relation)}")


PLANS = named(
    create_bare,
    create_with,
    create_quoted,
    create_people,
    create_projects,
    create_companies,
    observe,
    observe_quoted,
    observe_two,
    observe_both,
    relate,
    relate_typed,
    relate_two,
    forget,
    forget_some,
    unobserve,
    unobserve_quoted,
    unobserve_two,
    unrelate,
    unrelate_typed,
)
