"""Requests that a teacher wrote: the file of its answers, and which of the requests in it are taken.

The file is JSON lines, one answer a line, in the order in which they came:

    format      1
    toolset     what the requests are for
    tools       the tools that they were to need, with the digests that these had; several, one or none
    workspace   the seed of what they are about (`training.teacher.places.open_place`)
    model       the teacher
    asked       how many requests it was asked for
    content     the answer, as it came
    usage       tokens, input and output

What is taken follows from the file alone, so that better rules cost nothing: of each answer the requests, less those
that `_fault` finds something wrong with and those that are the same, or nearly, as one before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from toolsets import Toolset
from training.errors import TrainingError
from training.teacher.duplicates import Seen
from training.teacher.journal import Journal
from training.teacher.prompt import read_requests
from training.teacher.usage import Usage

NONE = "no tool"
SEVERAL = "several tools"
"""The categories beside the tools; with a space, which no tool's name has."""
MAX_CHARACTERS = 600
_ROOTED = re.compile(r"""(?:^|[\s"'(`])(?:/\w|~/|[A-Za-z]:[\\/])""")
_TELLING = re.compile(r"[_-]")
"""Marks a tool's name that is no ordinary word."""


class Batch(BaseModel):
    """One answer of the teacher."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    toolset: str
    tools: dict[str, str]
    workspace: str
    model: str
    asked: int = Field(ge=1)
    content: str | None
    usage: Usage


@dataclass(frozen=True)
class Query:
    """A request that was taken. `tools` are those that it was written to need."""

    id: str
    text: str
    tools: tuple[str, ...]
    workspace: str


def category(tools: Iterable[str]) -> str:
    """What requests are counted under: the tool, `SEVERAL` or `NONE`."""
    names = list(tools)
    return names[0] if len(names) == 1 else SEVERAL if names else NONE


def categories(toolset: Toolset) -> tuple[str, ...]:
    """Of each there are as many requests; where there is one tool only, there are never several."""
    several = (SEVERAL,) if len(toolset.tools) > 1 else ()
    return (*(tool.name for tool in toolset.tools), *several, NONE)


def query_journal(path: Path) -> Journal[Batch]:
    return Journal(path, TypeAdapter(Batch))


@dataclass
class Harvest:
    """What answers come to, fed one by one; `discarded` counts by reason."""

    toolset: Toolset
    queries: list[Query] = field(default_factory=list)
    discarded: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    batches: int = 0

    def __post_init__(self) -> None:
        self._digests = {tool.name: tool.digest for tool in self.toolset.tools}
        self._seen = Seen()

    def add(self, batch: Batch) -> int:
        """How many requests of an answer are taken. Raises TrainingError where they are for another toolset."""
        if batch.toolset != self.toolset.name:
            raise TrainingError(f"the queries are for the toolset {batch.toolset!r}, not {self.toolset.name!r}", "out")
        self.batches += 1
        self.usage += batch.usage
        if any(self._digests.get(name) != digest for name, digest in batch.tools.items()):
            self.discarded["for a tool as it is no more"] += batch.asked
            return 0
        texts = read_requests(batch.content)
        if texts is None:
            self.discarded["an answer in another form than it was asked for"] += 1
            return 0
        return sum(self._take(text.strip(), batch) for text in texts[: batch.asked])

    def counts(self) -> Mapping[str, int]:
        """How many there are of each category."""
        found = Counter(category(query.tools) for query in self.queries)
        return {name: found[name] for name in categories(self.toolset)}

    def _take(self, text: str, batch: Batch) -> bool:
        fault = self._fault(text) or self._seen.add(text)
        if fault is not None:
            self.discarded[fault] += 1
            return False
        id = f"{self.toolset.name}-{sha256(text.encode()).hexdigest()[:16]}"
        self.queries.append(Query(id, text, tuple(batch.tools), batch.workspace))
        return True

    def _fault(self, text: str) -> str | None:
        if not text:
            return "empty"
        if len(text.splitlines()) > 1:
            return "several lines"
        if len(text) > MAX_CHARACTERS:
            return "too long"
        if _ROOTED.search(text):
            return "a path from the root"
        if any(name.casefold() in text.casefold() for name in self._digests if _TELLING.search(name)):
            return "names a tool"
        return None


def read_harvest(path: Path, toolset: Toolset) -> Harvest:
    """What the file comes to. Raises TrainingError for a file of something else."""
    harvest = Harvest(toolset)
    for number, batch in enumerate(query_journal(path).read(), 1):
        try:
            harvest.add(batch)
        except TrainingError as error:
            raise TrainingError(f"{path}:{number}: {error.message}; name another file", error.field) from None
    return harvest
