"""Conversations: a phrasing is filled from what is there, said, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar

from toolsets.trajectory import Message
from training.offline.acting import Conversation, Room
from training.offline.bank import Bank, Template
from training.offline.grammar import Slot
from training.offline.joining import joined
from training.offline.script import Earlier, Task
from training.offline.wording import Piece, fill, plain, typed

_SYSTEM = 0.5
"""How often an application has said something first."""
_UNRELATED = 0.08
"""How often something else was spoken of before."""
_NUMBERS, _WEIGHTS = (1, 2, 3, 4), (40, 35, 18, 7)
"""How many parts a request has, of those that may have several."""

S = TypeVar("S")


@dataclass(frozen=True)
class _Heard:
    """A phrasing in a request's own words, what it asks for, and the answer where no tool is to say it."""

    pieces: list[Piece]
    task: Task
    answer: str


@dataclass(frozen=True)
class Teller(Generic[S]):
    """Talks about what is in one room, by the phrasings of a bank.

    systems: what an application may say first, if anything. plans: for every heading of the bank, what is drawn from
    a scene and how it is carried out. scene: looks at what is there now, for a phrasing with these slots that may
    follow on something earlier. earlier: for each plan that follows on another, those that it may follow. changing:
    tools of which one at most is asked for at once, and last: what comes after it would find another scene.
    """

    bank: Bank
    room: Room
    systems: Sequence[str]
    plans: Mapping[str, Callable[[S], Task]]
    scene: Callable[[Random, frozenset[str], Earlier | None], S]
    earlier: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changing: frozenset[str] = frozenset()

    async def tell(self, template: Template, random: Random) -> Conversation:
        """A conversation that ends with what the phrasing asks for. Raises Unfit or Discarded where none comes out."""
        talk = Conversation(self.room, self._opening(random))
        earlier = await self._earlier(talk, template, random)
        await self._carry_out(talk, self._together(template, random), earlier, random)
        return talk

    def _opening(self, random: Random) -> list[Message]:
        if not self.systems or random.random() > _SYSTEM:
            return []
        return [{"role": "system", "content": random.choice(self.systems)}]

    async def _earlier(self, talk: Conversation, template: Template, random: Random) -> Earlier | None:
        """What the request follows on, where it must; or now and then something that has nothing to do with it."""
        if plans := self.earlier.get(template.plan):
            before = random.choice(self.bank.openers[random.choice(plans)])
            task = await self._carry_out(talk, [before], None, random)
            return Earlier(before.plan, task.about, tuple(talk.calls), tuple(talk.results))
        if random.random() < _UNRELATED:
            before = random.choice(random.choice(list(self.bank.openers.values())))
            await self._carry_out(talk, [before], None, random)
        return None

    def _together(self, template: Template, random: Random) -> list[Template]:
        """The phrasing, with others of its group if it may be one of several parts."""
        if template.group is None:
            return [template]
        number = random.choices(_NUMBERS, _WEIGHTS)[0]
        others = {
            t.plan: t for t in random.sample(self.bank.parts[template.group], len(self.bank.parts[template.group]))
        }
        others.pop(template.plan, None)
        chosen = [template, *list(others.values())[: number - 1]]
        changing = [t for t in chosen if t.category in self.changing]
        return [t for t in chosen if t.category not in self.changing] + changing[:1]

    async def _carry_out(
        self, talk: Conversation, templates: Sequence[Template], earlier: Earlier | None, random: Random
    ) -> Task:
        """Say it, do it, answer; returns what was done, or the first part of it."""
        heard = [self._hear(template, earlier, random) for template in templates]
        pieces = [one.pieces for one in heard]
        talk.hear(typed(random, joined(random, pieces) if templates[0].group is not None else pieces[0]))
        answers = [one.answer or await talk.act(one.task.script) for one in heard]
        talk.say("\n\n".join(answers))
        return heard[0].task

    def _hear(self, template: Template, earlier: Earlier | None, random: Random) -> _Heard:
        parts = template.phrasing.draw(random)
        slots = frozenset(part.name for part in parts if isinstance(part, Slot))
        task = self.plans[template.plan](self.scene(random, slots, earlier))
        answer = plain(fill(template.answer.draw(random), task.slots)) if template.answer else ""
        return _Heard(fill(parts, task.slots), task, answer)
