"""Plans for what a user says next."""

from __future__ import annotations

from training.offline.memory.graph import Entity, Graph, Relation
from training.offline.memory.recalling import open_one, search_word
from training.offline.memory.remembering import forgotten, observed, related, unobserved, unrelated
from training.offline.memory.said import name, new_fact, new_relation
from training.offline.scene import Scene, named
from training.offline.script import Task, Unfit
from training.offline.small_talk import thanks


def _it(s: Scene[Graph]) -> Entity:
    """What was spoken of."""
    return s.pick([entity for entity in s.state.entities if entity.name == s.before.about])


def it_observe(s: Scene[Graph]) -> Task:
    entity = _it(s)
    return observed(s, entity, new_fact(s, entity.kind, entity.observations))


def it_relate(s: Scene[Graph]) -> Task:
    relation = new_relation(s, _it(s))
    return related({"verb": relation.words, "to": name(s, relation.target)}, relation)


def it_forget(s: Scene[Graph]) -> Task:
    return forgotten({}, _it(s).name)


def also_open(s: Scene[Graph]) -> Task:
    task = open_one(s)
    if task.about == s.before.about:
        raise Unfit("the same again")
    return task


def also_search(s: Scene[Graph]) -> Task:
    task = search_word(s)
    if task.about == s.before.about:
        raise Unfit("the same again")
    return task


def undo_create(s: Scene[Graph]) -> Task:
    return forgotten({}, _it(s).name)


def undo_observe(s: Scene[Graph]) -> Task:
    past = s.before.calls[-1].arguments["observations"][0]
    return unobserved({}, past["entityName"], *past["contents"])


def undo_relate(s: Scene[Graph]) -> Task:
    return unrelated({}, _past_relation(s))


def undo_unrelate(s: Scene[Graph]) -> Task:
    return related({}, _past_relation(s))


def _past_relation(s: Scene[Graph]) -> Relation:
    past = s.before.calls[-1].arguments["relations"][0]
    return Relation(past["from"], past["relationType"], past["to"])


PLANS = named(
    it_observe,
    it_relate,
    it_forget,
    also_open,
    also_search,
    undo_create,
    undo_observe,
    undo_relate,
    undo_unrelate,
    thanks,
)
