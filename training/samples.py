"""Examples in the form that the trainer works on: suffixes that hang on shared prefixes.

The conversations of a demonstration's steps are prefixes of one another, and every stage's suffix follows one of them.
The longest holds all of them, so it is kept once, and a sample says how much of it comes before its suffix:

    prefix   [ user turn | call | result | call | result ]
    samples              ^ suffix, written      ^ suffix, written
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from server.prompt import Label
from training.examples import Example, Target


@dataclass(frozen=True, eq=False)
class Prefix:
    """The tokens of a conversation, in an array of 32-bit integers."""

    ids: array[int]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the tokens, in hexadecimal."""
        return hashlib.sha256(self.ids.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Sample:
    """`suffix` and then `written` follow the first `start` tokens of the prefix; the loss is that of `written`."""

    prefix: Prefix
    start: int
    suffix: tuple[int, ...]
    written: tuple[int, ...]
    label: Label
    toolset: str | None
    tool: str | None

    def __len__(self) -> int:
        """Tokens after the prefix."""
        return len(self.suffix) + len(self.written)


@dataclass(frozen=True, eq=False)
class Row:
    """Samples on one prefix that are computed together."""

    prefix: Prefix
    samples: tuple[Sample, ...]

    @cached_property
    def reach(self) -> int:
        """Tokens of the prefix that the samples need."""
        return max(sample.start for sample in self.samples)

    @cached_property
    def suffixes(self) -> int:
        """Tokens after the prefix, of all samples."""
        return sum(len(sample) for sample in self.samples)


def samples(examples: Iterable[Example]) -> list[Sample]:
    """The examples as samples. Those of a demonstration must stand together."""
    found: list[Sample] = []
    for _, together in groupby(examples, key=lambda example: example.demonstration):
        prefixes: list[Prefix] = []
        # The longest first: what comes later hangs on a part of it.
        for example in sorted(together, key=lambda example: -len(example.segments[0].ids)):
            conversation = array("i", example.segments[0].ids)
            prefix = next((p for p in prefixes if p.ids[: len(conversation)] == conversation), None)
            if prefix is None:
                prefix = Prefix(conversation)
                prefixes.append(prefix)
            suffix = tuple(token for segment in example.segments[1:-1] for token in segment.ids)
            written = example.segments[-1].ids
            found.append(
                Sample(prefix, len(conversation), suffix, written, example.label, example.toolset, example.tool)
            )
    return found


@dataclass(frozen=True)
class Data:
    """What one adapter learns from."""

    rows: Sequence[Row]
    validation: Sequence[Row]

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that is learnt from and validated on, in whatever order it stands."""
        lines = [
            f"{side} {row.prefix.digest} {sample.start} {sample.suffix} {sample.written}"
            for side, rows in (("train", self.rows), ("validation", self.validation))
            for row in rows
            for sample in row.samples
        ]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def data(train: Iterable[Sample], validation: Iterable[Sample], target: Target) -> Data:
    """What `target` learns of the samples."""
    return Data(_rows(train, target), _rows(validation, target))


def count(rows: Iterable[Row]) -> int:
    """Samples in all."""
    return sum(len(row.samples) for row in rows)


def _rows(samples: Iterable[Sample], target: Target) -> list[Row]:
    """One for each prefix."""
    by_prefix: dict[Prefix, list[Sample]] = {}
    for sample in samples:
        if target.learns(sample.label, sample.toolset, sample.tool):
            by_prefix.setdefault(sample.prefix, []).append(sample)
    return [Row(prefix, tuple(together)) for prefix, together in by_prefix.items()]
