"""Plans that look something up with one call, and those that need none."""

from __future__ import annotations

import re

from training.offline.memory.graph import Graph
from training.offline.memory.said import name, opening, search, some_entity, some_fact, told
from training.offline.memory.values import values
from training.offline.scene import Scene, named, no_call, one_call
from training.offline.script import Call, Task, Unfit

_WORD = re.compile(r"\b[a-z]{5,}\b")


def open_one(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    return one_call({"name": name(s, entity.name), "type": entity.kind}, opening(entity.name), told, entity.name)


def open_some(s: Scene[Graph]) -> Task:
    names = [entity.name for entity in s.sample(s.state.entities, 2, 3)]
    return one_call({"names": s.series(names)}, opening(*names), told)


def search_word(s: Scene[Graph]) -> Task:
    """By a word of what is remembered."""
    _, fact = some_fact(s)
    word = s.pick([word for word in _WORD.findall(fact) if word not in values().common])
    return _found(s, word)


def search_first(s: Scene[Graph]) -> Task:
    """A person by the first name only, which does not open anything."""
    return _found(s, s.pick(s.state.of("person")).name.partition(" ")[0])


def search_people(s: Scene[Graph]) -> Task:
    return _found(s, "person")


def search_projects(s: Scene[Graph]) -> Task:
    return _found(s, "project")


def search_companies(s: Scene[Graph]) -> Task:
    return _found(s, "company")


def _found(s: Scene[Graph], query: str) -> Task:
    if not s.state.matching(query):
        raise Unfit("nothing is found")
    return one_call({"word": s.quoted(query)}, search(query), told, query)


def everything(s: Scene[Graph]) -> Task:
    return one_call({}, Call("read_graph"), told)


def talk(s: Scene[Graph]) -> Task:
    entity = some_entity(s)
    return no_call({"name": entity.name, "person": s.pick(s.world.people).first})


PLANS = named(
    open_one,
    open_some,
    search_word,
    search_first,
    search_people,
    search_projects,
    search_companies,
    everything,
    talk,
)
