"""Plans that take several calls."""

from __future__ import annotations

from training.offline.memory.graph import Entity, Graph, Relation
from training.offline.memory.said import (
    creation,
    graph,
    name,
    new_fact,
    new_name,
    new_relation,
    observation,
    opening,
    relating,
    search,
    some_entity,
    some_fact,
    stated,
    told,
    unrelating,
)
from training.offline.memory.values import values
from training.offline.scene import Scene, named, several_calls
from training.offline.script import Call, Script, Task, Unfit

# Of which none needs the result of another


def correct(s: Scene[Graph]) -> Task:
    """A fact that is another now."""
    entity, old = some_fact(s)
    new = new_fact(s, entity.kind, entity.observations)
    forgetting = Call("delete_observations", {"deletions": [{"entityName": entity.name, "observations": [old]}]})
    words = {"name": name(s, entity.name), "old": s.enclosed(old), "new": s.enclosed(new)}
    return several_calls(words, [forgetting, observation(entity.name, new)], lambda texts: f"{entity.name} {new} now.")


def move(s: Scene[Graph]) -> Task:
    """A relation to something else than before."""
    old = s.pick(s.state.relations)
    kinds = {entity.name: entity.kind for entity in s.state.entities}
    others = [n for n, kind in kinds.items() if kind == kinds[old.target] and n not in (old.target, old.source)]
    new = Relation(old.source, old.type, s.pick(others))
    if new in s.state.relations:
        raise Unfit("related already")
    words = {"from": name(s, old.source), "verb": old.words, "old": name(s, old.target), "new": name(s, new.target)}
    return several_calls(words, [unrelating(old), relating(new)], lambda texts: f"Noted: {stated(new)}")


def create_related(s: Scene[Graph]) -> Task:
    """Somebody new, and a relation to what is remembered."""
    verb = s.pick([verb for verb in values().relations if verb.subject == "person"])
    entity = Entity(new_name(s, "person"), "person", ())
    relation = Relation(entity.name, verb.words.replace(" ", "_"), s.pick(s.state.of(verb.object)).name)
    words = {"name": name(s, entity.name), "verb": verb.words, "to": name(s, relation.target)}
    return several_calls(words, [creation(entity), relating(relation)], lambda texts: f"Noted: {stated(relation)}")


def observe_relate(s: Scene[Graph]) -> Task:
    relation = new_relation(s)
    entity = s.pick([entity for entity in s.state.entities if entity.name == relation.source])
    fact = new_fact(s, entity.kind, entity.observations)
    words = {"from": name(s, relation.source), "fact": s.enclosed(fact), "verb": relation.words, "to": relation.target}
    calls = [observation(entity.name, fact), relating(relation)]
    return several_calls(words, calls, lambda texts: f"Noted: {entity.name} {fact}. {stated(relation)}")


def observe_open(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    fact = new_fact(s, entity.kind, entity.observations)
    words = {"name": name(s, entity.name), "fact": s.enclosed(fact)}
    return several_calls(words, [observation(entity.name, fact), opening(entity.name)], lambda texts: told(texts[1]))


def forget_show(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    calls = [Call("delete_entities", {"entityNames": [entity.name]}), Call("read_graph")]
    return several_calls({"name": name(s, entity.name)}, calls, lambda texts: told(texts[1]))


# The later calls need what the earlier ones found


def find_observe(s: Scene[Graph]) -> Task:
    """Somebody by the first name, of whom something new is noted."""
    person = s.pick(s.state.of("person"))
    first = person.name.partition(" ")[0]
    fact = new_fact(s, "person", person.observations)

    def script() -> Script:
        found = the_only((yield search(first)))
        yield observation(found.name, fact)
        return f"Noted: {found.name} {fact}."

    return Task({"first": first, "fact": s.enclosed(fact)}, script(), person.name)


def find_forget(s: Scene[Graph]) -> Task:
    first = s.pick(s.state.of("person")).name.partition(" ")[0]

    def script() -> Script:
        found = the_only((yield search(first)))
        yield Call("delete_entities", {"entityNames": [found.name]})
        return f"I have forgotten {found.name}."

    return Task({"first": first}, script())


def who(s: Scene[Graph]) -> Task:
    """What is known of somebody who is known by a relation only."""
    kinds = {entity.name: entity.kind for entity in s.state.entities}
    relation = s.pick([r for r in s.state.relations if kinds[r.source] == "person" and not _is_shared(s, r)])

    def script() -> Script:
        found = graph((yield opening(relation.target)))
        sources = [r.source for r in found.relations if (r.type, r.target) == (relation.type, relation.target)]
        if len(sources) != 1:
            raise Unfit("not one relation")
        return told((yield opening(sources[0])))

    return Task({"verb": relation.words, "to": name(s, relation.target)}, script())


def _is_shared(s: Scene[Graph], relation: Relation) -> bool:
    return sum((r.type, r.target) == (relation.type, relation.target) for r in s.state.relations) > 1


def the_only(text: str) -> Entity:
    """The one thing that a search found."""
    found = graph(text).entities
    if len(found) != 1:
        raise Unfit("the search does not find one thing")
    return found[0]


PLANS = named(
    correct,
    move,
    create_related,
    observe_relate,
    observe_open,
    forget_show,
    find_observe,
    find_forget,
    who,
)
