"""Plans for requests in which something is not as the user thinks."""

from __future__ import annotations

from training.offline.memory.graph import Entity, Graph
from training.offline.memory.repeating import the_only
from training.offline.memory.said import (
    a_kind,
    creation,
    graph,
    new_fact,
    new_name,
    observation,
    opening,
    search,
    told,
)
from training.offline.scene import Scene, named
from training.offline.script import Script, Task, Unfit
from training.offline.wording import slip


def misspelt(s: Scene[Graph]) -> Task:
    """A first name with a slip in it: the last name leads to the right one."""
    person, wrong = _misspelt(s)
    fact = new_fact(s, "person", person.observations)

    def script() -> Script:
        yield observation(wrong, fact, fails=True)
        found = the_only((yield search(person.name.rpartition(" ")[2])))
        yield observation(found.name, fact)
        return f"I know no {wrong}, so I noted it of {found.name}: {fact}."

    return Task({"name": wrong, "fact": s.enclosed(fact), "raw": fact}, script(), person.name)


def misspelt_open(s: Scene[Graph]) -> Task:
    person, wrong = _misspelt(s)

    def script() -> Script:
        if graph((yield opening(wrong))).entities:
            raise Unfit("the name is right")
        text = yield search(person.name.rpartition(" ")[2])
        return f"I know no {wrong}, but {the_only(text).name}:\n{told(text)}"

    return Task({"name": wrong}, script(), person.name)


def _misspelt(s: Scene[Graph]) -> tuple[Entity, str]:
    person = s.pick([person for person in s.state.of("person") if len(person.name.partition(" ")[0]) > 3])
    first, _, last = person.name.partition(" ")
    wrong = f"{slip(s.random, first)} {last}"
    if wrong in s.state.names:
        raise Unfit("the same name")
    return person, wrong


def unknown(s: Scene[Graph]) -> Task:
    """Something that is not remembered yet; its kind is told, so that it can be."""
    kind = a_kind(s)
    entity = Entity(new_name(s, kind), kind, (new_fact(s, kind),))

    def script() -> Script:
        yield observation(entity.name, *entity.observations, fails=True)
        yield creation(entity)
        return f"I did not know {entity.name} yet, and do now: {entity.observations[0]}."

    words = {"name": entity.name, "type": kind, "fact": s.enclosed(entity.observations[0])}
    return Task(words, script(), entity.name)


def nobody(s: Scene[Graph]) -> Task:
    """Somebody of whom nothing at all is remembered."""
    wanted = new_name(s, "person")
    last = wanted.rpartition(" ")[2]
    if s.state.matching(last):
        raise Unfit("somebody of that name")

    def script() -> Script:
        if graph((yield opening(wanted))).entities or graph((yield search(last))).entities:
            raise Unfit("somebody of that name")
        return f"I remember nothing about {wanted}."

    return Task({"name": wanted}, script())


PLANS = named(misspelt, misspelt_open, unknown, nobody)
