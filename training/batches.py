"""Rows to batches, and batches to tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from training.samples import Row

if TYPE_CHECKING:
    import torch

_POOL = 64
"""Batches that are drawn at random together and then sorted by length among themselves, to save padding."""
_GROUP = 4
"""Of these, batches of rows with suffixes of similar length, that are sorted by how far they reach."""


def batches(rows: Sequence[Row], size: int, random: Random, *, cached: bool) -> list[list[Row]]:
    """All rows in random batches of about `size` samples, each of rows of similar length.

    `cached` says that their prefixes are not computed: then suffixes count for more, but prefixes are attended to.
    """
    shuffled = random.sample(rows, len(rows))
    cut: list[list[Row]] = []
    for pool in _filled(shuffled, size * _POOL):
        cut += _filled(_snake(pool, size) if cached else sorted(pool, key=lambda row: row.reach + row.suffixes), size)
    random.shuffle(cut)
    return cut


def _snake(pool: Sequence[Row], size: int) -> list[Row]:
    """Sorted by suffixes into groups, and these by reach: upwards, then downwards, as batches may span two of them."""
    rows: list[Row] = []
    for number, group in enumerate(_filled(sorted(pool, key=lambda row: row.suffixes), size * _GROUP)):
        rows += sorted(group, key=lambda row: row.reach, reverse=number % 2 == 1)
    return rows


def _filled(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Runs of rows that have `size` samples or, in the last row's place, a few more."""
    run: list[Row] = []
    count = 0
    for row in rows:
        run.append(row)
        count += len(row.samples)
        if count >= size:
            yield run
            run, count = [], 0
    if run:
        yield run


def parts(rows: Sequence[Row], forward_tokens: int) -> Iterator[list[Row]]:
    """The rows of a batch in forward passes of at most `forward_tokens`, padding included; one row at the least."""
    part: list[Row] = []
    for row in rows:
        grown = [*part, row]
        if part and len(grown) * (max(r.reach for r in grown) + max(r.suffixes for r in grown)) > forward_tokens:
            yield part
            grown = [row]
        part = grown
    if part:
        yield part


@dataclass(frozen=True)
class Inputs:
    """A forward pass over `rows` rows of `length` tokens, padded on the right, that attend to `keys` keys.

    The keys are those of cached prefixes, if any, and of the tokens themselves.
    """

    ids: torch.Tensor
    """[rows, length]"""
    positions: torch.Tensor
    """[rows, length]: each token's place in its own example."""
    allowed: torch.Tensor
    """[rows, 1, length, keys], true where a token attends."""
    before: torch.Tensor
    """[learnt]: index in the flattened `ids` of the token after which a learnt token comes."""
    learnt: torch.Tensor
    """[learnt]: the tokens to predict."""
    sample: torch.Tensor
    """[learnt]: which sample of the rows, counted from 0, each belongs to."""


def collate(rows: Sequence[Row], *, cached: bool) -> Inputs:
    """The tensors of `rows`. With `cached` the prefixes are no input: their keys come first, padded to the longest."""
    import torch

    laid = [_Layout.of(row, cached=cached) for row in rows]
    length = max(len(row.ids) for row in laid)
    keys = max(row.reach for row in rows) if cached else 0

    def padded(lists: list[list[int]], value: int) -> torch.Tensor:
        return torch.tensor([row + [value] * (length - len(row)) for row in lists])

    before: list[int] = []
    learnt: list[int] = []
    sample: list[int] = []
    count = 0
    for number, (row, layout) in enumerate(zip(rows, laid, strict=True)):
        for item, first in zip(row.samples, layout.written_at, strict=True):
            before += range(number * length + first - 1, number * length + first - 1 + len(item.written))
            learnt += item.written
            sample += [count] * len(item.written)
            count += 1
    # Padding owns itself: a token with nothing to attend to would be NaN.
    owner = padded([row.owner for row in laid], -1)
    return Inputs(
        ids=padded([row.ids for row in laid], 0),
        positions=padded([row.positions for row in laid], 0),
        allowed=_allowed(owner, padded([row.bound for row in laid], 0), keys).unsqueeze(1),
        before=torch.tensor(before),
        learnt=torch.tensor(learnt),
        sample=torch.tensor(sample),
    )


def _allowed(owner: torch.Tensor, bound: torch.Tensor, cached: int) -> torch.Tensor:
    """[rows, length, cached + length]: which keys each token attends to, given whose it is and its prefix's bound."""
    import torch

    rows, length = owner.shape
    key_owner = torch.cat([torch.zeros(rows, cached, dtype=owner.dtype), owner], dim=1).unsqueeze(1)
    key_at = torch.arange(cached + length)
    query_at = key_at[cached:].unsqueeze(1)
    own = (key_owner == owner.unsqueeze(2)) & (key_at <= query_at)
    return torch.where(key_owner == 0, key_at < bound.unsqueeze(2), own)


@dataclass
class _Layout:
    """A row's tokens one after the other: the prefix, unless it is cached, then each sample's."""

    ids: list[int]
    positions: list[int]
    owner: list[int]
    """0 for the prefix, then 1 and so on for the samples, which do not see each other."""
    bound: list[int]
    """How many tokens of the prefix are seen."""
    written_at: list[int]
    """Where the written tokens of each sample begin."""

    @classmethod
    def of(cls, row: Row, *, cached: bool) -> _Layout:
        reach = 0 if cached else row.reach
        layout = cls(
            list(row.prefix.ids[:reach]), list(range(reach)), [0] * reach, list(range(1, reach + 1)), written_at=[]
        )
        for number, sample in enumerate(row.samples, 1):
            layout.written_at.append(len(layout.ids) + len(sample.suffix))
            layout.ids += [*sample.suffix, *sample.written]
            layout.positions += range(sample.start, sample.start + len(sample))
            layout.owner += [number] * len(sample)
            layout.bound += [sample.start] * len(sample)
        return layout
