"""Demonstrations from a bank of intents: setting after setting, with some dozens of requests acted out in each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from random import Random

from toolsets.trajectory import Trajectory
from training.errors import TrainingError
from training.offline.acting import Conversation, Discarded
from training.offline.bank import Template
from training.offline.schedule import Schedule
from training.offline.script import Unfit
from training.offline.setting import open_setting
from training.offline.source import Source as Source
from training.trajectory import OFFLINE, Demonstration

ROUND = 40
"""Requests for a setting."""
_ATTEMPTS = 3
"""To fill a phrasing, before the next one's turn."""
_AT_ONCE = 2
"""Settings that are worked on at the same time."""
_BARREN = 10
"""Settings in a row that nothing new comes out of, before it is given up."""

_Round = tuple[list[Demonstration], Counter[str]]
"""What came out of a setting, and how many attempts came to nothing, by reason."""


async def generate(
    source: Source, count: int, seed: int, *, made: Collection[Demonstration], dropped: Counter[str]
) -> AsyncGenerator[Demonstration, None]:
    """`count` demonstrations, less those that were `made` before, all of them or the first of them.

    dropped: counts the attempts that came to nothing, by reason. Raises ToolsetError where the server does not start,
    and TrainingError where nothing new comes out any more.
    """
    known = {_key(demonstration) for demonstration in made}
    last = max((position_of(demonstration) for demonstration in made), default=-1)
    left = count - len(made)
    barren = 0
    async with aclosing(_rounds(source, seed, (last + 1) // ROUND)) as rounds:
        while left > 0:
            demonstrations, lost = await anext(rounds)
            dropped.update(lost)
            fresh = {_key(d): d for d in reversed(demonstrations) if position_of(d) > last and _key(d) not in known}
            dropped["a duplicate"] += sum(position_of(d) > last for d in demonstrations) - len(fresh)
            known |= fresh.keys()
            barren = 0 if fresh else barren + 1
            if barren == _BARREN:
                raise TrainingError(f"nothing new comes out any more, after {count - left} of {count}", "count")
            for demonstration in sorted(fresh.values(), key=position_of)[:left]:
                yield demonstration
                left -= 1


async def _rounds(source: Source, seed: int, number: int) -> AsyncGenerator[_Round, None]:
    """What comes out of each setting from this number on, in their order."""
    schedule = Schedule(source.bank, source.shares, seed)
    running: list[asyncio.Task[_Round]] = []
    try:
        while True:
            while len(running) < _AT_ONCE:
                running.append(asyncio.create_task(_round(source, schedule, seed, number)))
                number += 1
            yield await running.pop(0)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _round(source: Source, schedule: Schedule, seed: int, number: int) -> _Round:
    """What comes out of one setting, and what does not."""
    demonstrations: list[Demonstration] = []
    dropped: Counter[str] = Counter()
    async with open_setting(source, f"{seed}/{number}") as setting:
        for position in range(number * ROUND, (number + 1) * ROUND):
            template = schedule.at(position)
            for attempt in range(_ATTEMPTS):
                try:
                    talk = await setting.tell(template, Random(f"{seed}/{position}/{attempt}"))
                except Unfit as error:
                    dropped[f"unfit: {error}"] += 1
                except Discarded as error:
                    dropped[str(error)] += 1
                else:
                    name = identifier(source, seed, position)
                    started = setting.now.isoformat(timespec="seconds")
                    demonstrations.append(_demonstration(source, name, template, setting.spec, started, talk))
                    break
            else:
                dropped["given up"] += 1
    return demonstrations, dropped


def _demonstration(
    source: Source, name: str, template: Template, workspace: str, started: str, talk: Conversation
) -> Demonstration:
    return Demonstration(
        id=name,
        template=template.name,
        tool=talk.calls[0].tool if talk.calls else None,
        workspace=workspace,
        verified=True,
        trajectory=Trajectory(
            model=OFFLINE,
            base_url="",
            toolsets={source.toolset.name: source.toolset.digest},
            opening=tuple(talk.opening),
            started=started,
            seconds=0.0,
            outcome="answered",
            steps=tuple(talk.steps),
        ),
    )


def identifier(source: Source, seed: int, position: int) -> str:
    """The id of the demonstration at a position of the schedule."""
    return f"{source.toolset.name}-{OFFLINE}-{seed}-{position:07}"


def position_of(demonstration: Demonstration) -> int:
    """Where in the schedule a demonstration stands; -1 if it was not made here."""
    number = demonstration.id.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def _key(demonstration: Demonstration) -> tuple[str, ...]:
    """What makes two demonstrations the same: what the user said, and which calls came of it."""
    trajectory = demonstration.trajectory
    said = str(trajectory.opening[-1]["content"])
    return (said, *(seen.call.arguments for seen in trajectory.calls))
