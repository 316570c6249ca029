"""Rows to batches."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.world import ids, rows
from training.batches import Inputs, batches, collate, parts
from training.samples import Row, count

corpora = st.builds(rows, st.integers(0, 99), st.integers(1, 60))


@given(corpus=corpora, size=st.integers(1, 20), seed=st.integers(0, 9), cached=st.booleans())
def test_an_epoch_has_every_row_once_in_batches_of_about_the_size(
    corpus: list[Row], size: int, seed: int, cached: bool
) -> None:
    epoch = batches(corpus, size, Random(seed), cached=cached)
    assert Counter(row for batch in epoch for row in batch) == Counter(corpus)
    # A row has up to three samples, and only the last batch of each pool may be short.
    assert all(count(batch) < size + 3 for batch in epoch)
    assert sum(count(batch) < size for batch in epoch) <= 1 + len(epoch) // 32 + 1


@given(corpus=corpora, size=st.integers(1, 20))
def test_epochs_differ_and_the_same_seed_gives_the_same(corpus: list[Row], size: int) -> None:
    assert batches(corpus, size, Random(1), cached=True) == batches(corpus, size, Random(1), cached=True)
    if len(corpus) > 20:
        assert batches(corpus, size, Random(1), cached=True) != batches(corpus, size, Random(2), cached=True)


@pytest.mark.parametrize("cached", [False, True])
def test_the_rows_of_a_batch_are_alike_in_the_number_of_tokens_to_compute(cached: bool) -> None:
    def computed(row: Row) -> int:
        return row.suffixes if cached else row.reach + row.suffixes

    epoch = batches(rows(0, 300), 16, Random(0), cached=cached)
    spread = [max(map(computed, batch)) - min(map(computed, batch)) for batch in epoch]
    assert sorted(spread)[len(spread) // 2] <= 4


@given(corpus=corpora, bound=st.integers(1, 400))
def test_parts_are_the_batch_in_order_and_within_the_bound(corpus: list[Row], bound: int) -> None:
    cut = list(parts(corpus, bound))
    assert [row for part in cut for row in part] == corpus
    for part in cut:
        padded = len(part) * (max(row.reach for row in part) + max(row.suffixes for row in part))
        assert padded <= bound or len(part) == 1


def attended(inputs: Inputs, corpus: list[Row], *, cached: bool) -> list[list[int]]:
    """For each sample the tokens that its last predicting token attends to, in the order of their keys."""
    found = []
    length = inputs.ids.shape[1]
    last = {int(sample): int(at) for sample, at in zip(inputs.sample, inputs.before, strict=True)}
    for at in last.values():
        row, token = divmod(at, length)
        prefix = list(corpus[row].prefix.ids) if cached else []
        keys = inputs.allowed.shape[3] - length
        tokens = [*(prefix + [-1] * keys)[:keys], *inputs.ids[row].tolist()]
        found.append([tokens[key] for key in torch.nonzero(inputs.allowed[row, 0, token]).flatten().tolist()])
    return found


@given(corpus=st.builds(rows, st.integers(0, 99), st.integers(1, 5)), cached=st.booleans())
def test_a_sample_sees_its_own_example_and_nothing_else(corpus: list[Row], cached: bool) -> None:
    inputs = collate(corpus, cached=cached)
    assert attended(inputs, corpus, cached=cached) == [tokens[:-1] for tokens in ids(corpus)]
    flat, positions = inputs.ids.flatten(), inputs.positions.flatten()
    for number, tokens in enumerate(ids(corpus)):
        mine = inputs.before[inputs.sample == number]
        written = inputs.learnt[inputs.sample == number].tolist()
        assert written == tokens[len(tokens) - len(written) :]
        # Each learnt token is predicted from the token before it, in its own place.
        assert flat[mine].tolist() == tokens[len(tokens) - len(written) - 1 : -1]
        assert positions[mine].tolist() == list(range(len(tokens) - len(written) - 1, len(tokens) - 1))
