"""A file of demonstrations that grows line by line, so that making it can stop and go on anywhere."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TextIO

from training.errors import Interrupted, TrainingError
from training.offline.generate import Source, generate, identifier, position_of
from training.offline.schedule import Schedule
from training.trajectory import Demonstration, read_demonstrations


def made_before(path: Path, source: Source, seed: int) -> list[Demonstration]:
    """The demonstrations that the file has. What a stop left of a last line is cut off.

    Raises TrainingError, and leaves the file as it is, where it has anything else than what `source` and `seed` give.
    """
    if not path.exists():
        return []
    _cut_last(path, f'{{"format":1,"id":"{identifier(source, seed, 0)[:-7]}')
    made = read_demonstrations(path)
    schedule = Schedule(source.bank, source.shares, seed)
    for demonstration in made:
        if not _belongs(demonstration, source, seed, schedule):
            raise TrainingError(
                f"{path}: {demonstration.id} is from another seed, other tools or other phrasings; name another file",
                "out",
            )
    return made


async def grow(
    file: TextIO,
    source: Source,
    count: int,
    seed: int,
    *,
    made: Sequence[Demonstration],
    dropped: Counter[str],
    show: Callable[[int], None],
    should_stop: Callable[[], bool],
) -> list[Demonstration]:
    """Add to a file that has those that were `made` what it lacks of `count`, and return all. Raises Interrupted.

    show: is called with the number that there are, after each.
    """
    found = list(made)
    async with aclosing(generate(source, count, seed, made=made, dropped=dropped)) as demonstrations:
        async for demonstration in demonstrations:
            file.write(f"{demonstration.model_dump_json()}\n")
            file.flush()
            found.append(demonstration)
            show(len(found))
            if should_stop() and len(found) < count:
                raise Interrupted
    return found


def _belongs(demonstration: Demonstration, source: Source, seed: int, schedule: Schedule) -> bool:
    position = position_of(demonstration)
    return (
        demonstration.id == identifier(source, seed, position)
        and demonstration.trajectory.toolsets == {source.toolset.name: source.toolset.digest}
        and demonstration.template == schedule.at(position).name
    )


def _cut_last(path: Path, start: str) -> None:
    """Cut off a last line without an end, if it starts as a demonstration of ours does."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    rest = content[whole:]
    if rest and start.encode().startswith(rest[: len(start)]):
        os.truncate(path, whole)
