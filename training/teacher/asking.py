"""Asking a teacher for requests until there are as many for each tool as are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from random import Random

from toolsets import Tool
from training.errors import Interrupted
from training.teacher.endpoint import Endpoint
from training.teacher.places import Subject, contents_of
from training.teacher.pool import work
from training.teacher.prompt import query_request
from training.teacher.queries import NONE, SEVERAL, Batch, Harvest, categories, query_journal, read_harvest

BATCH = 20
"""Requests that are asked for at once."""
_BARREN = 3
"""Rounds in a row that bring a category nothing new, before it is given up."""
_MOST_TOOLS = 3


class Asking:
    """Lets a file of queries grow to `count` for each category (`training.teacher.queries.categories`).

    The file may have queries before: they count. `seed` decides which tools go together, and what the workspaces are
    that requests are written about.
    """

    def __init__(self, subject: Subject, endpoint: Endpoint, path: Path, count: int, seed: int = 0) -> None:
        self._subject = subject
        self._endpoint = endpoint
        self._count = count
        self._seed = seed
        self._journal = query_journal(path)
        self.harvest: Harvest = read_harvest(path, subject.toolset)
        self.given_up: set[str] = set()
        self.new_batches = 0

    @property
    def wanted(self) -> int:
        """How many queries there are to be in all."""
        return self._count * len(categories(self._subject.toolset))

    @property
    def done(self) -> int:
        return sum(min(self._count, number) for number in self.harvest.counts().values())

    async def run(self, at_once: int, show: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        """Ask for what is lacking. Raises Interrupted, and TrainingError where the teacher does not answer."""
        barren = dict.fromkeys(categories(self._subject.toolset), 0)
        while lacking := self._lacking():
            before = self.harvest.counts()

            async def ask(task: tuple[int, tuple[Tool, ...], int]) -> None:
                await self._ask(*task)
                show()

            await work(self._tasks(lacking), ask, at_once, should_stop)
            if should_stop() and self._lacking():
                raise Interrupted
            after = self.harvest.counts()
            for name in lacking:
                barren[name] = 0 if after[name] > before[name] else barren[name] + 1
            self.given_up = {name for name, rounds in barren.items() if rounds >= _BARREN}

    def _lacking(self) -> dict[str, int]:
        """How many there are to be still, by category, without what was given up."""
        counts = self.harvest.counts()
        return {n: self._count - c for n, c in counts.items() if c < self._count and n not in self.given_up}

    def _tasks(self, lacking: dict[str, int]) -> Iterator[tuple[int, tuple[Tool, ...], int]]:
        """A number, tools and a size for each batch, with the categories in turn."""
        columns = zip_longest(*([(name, size) for size in _sizes(number)] for name, number in lacking.items()))
        entries = [entry for column in columns for entry in column if entry is not None]
        for number, (name, size) in enumerate(entries, self.harvest.batches):
            yield number, self._tools(name, Random(f"{self._seed}/{number}")), size

    def _tools(self, name: str, random: Random) -> tuple[Tool, ...]:
        tools = self._subject.toolset.tools
        if name == NONE:
            return ()
        if name == SEVERAL:
            return tuple(random.sample(tools, random.randint(2, min(_MOST_TOOLS, len(tools)))))
        return tuple(tool for tool in tools if tool.name == name)

    async def _ask(self, number: int, tools: tuple[Tool, ...], size: int) -> None:
        toolset, seed = self._subject.toolset, f"{self._seed}/{number}"
        contents = await contents_of(self._subject, seed)
        request = query_request(toolset, tools, size, contents, Random(seed))
        completion = await self._endpoint.complete(request)
        batch = Batch(
            toolset=toolset.name,
            tools={tool.name: tool.digest for tool in tools},
            workspace=seed,
            model=self._endpoint.model,
            asked=size,
            content=completion.message.content,
            usage=completion.spent,
        )
        self._journal.append(batch)
        self.harvest.add(batch)
        self.new_batches += 1


def _sizes(number: int) -> list[int]:
    """Sizes of batches that make up a number."""
    return [BATCH] * (number // BATCH) + [number % BATCH] * (number % BATCH > 0)
