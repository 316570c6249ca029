"""Keys and values of prefixes, kept in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from torch import Tensor

from tests.training.world import rows
from training.lora import add_adapter
from training.prefixes import PrefixStates
from training.samples import Row
from training.settings import Hyperparameters

ROWS = rows(5, 6)
PLENTY = 2**30


def expected(base: Any, row: Row) -> Tensor:
    """[layers, 2, key heads, tokens, size], by the model itself."""
    with torch.no_grad():
        cache = base(input_ids=torch.tensor([list(row.prefix.ids)]), use_cache=True).past_key_values
    return torch.stack([torch.stack([layer.keys[0], layer.values[0]]) for layer in cache.layers])[..., : row.reach, :]


def check(states: PrefixStates, base: Any) -> None:
    """They are the model's own, padded with zeros."""
    batch = states.of(ROWS)
    for number, row in enumerate(ROWS):
        torch.testing.assert_close(batch[:, :, number, :, : row.reach], expected(base, row))
        assert not batch[:, :, number, :, row.reach :].any()


def filled(base: Any, folder: Path, max_bytes: int = PLENTY) -> list[int]:
    """Fill the folder; the tokens that were reported."""
    reported: list[int] = []
    PrefixStates(base, folder, max_bytes, 64).fill(ROWS, reported.append)
    return reported


def test_they_are_those_of_the_model_whether_kept_or_computed_when_asked_for(base: Any, tmp_path: Path) -> None:
    assert sorted(filled(base, tmp_path)) == sorted(row.reach for row in ROWS)
    for max_bytes in (PLENTY, 0):
        check(PrefixStates(base, tmp_path / str(max_bytes), max_bytes, 64), base)
    check(PrefixStates(base, tmp_path, PLENTY, 64), base)


def test_what_is_kept_is_not_computed_again(base: Any, tmp_path: Path) -> None:
    filled(base, tmp_path)
    written = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    base.get_decoder().forward = None
    filled(base, tmp_path)
    PrefixStates(base, tmp_path, PLENTY, 64).of(ROWS)
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == written


def test_files_take_no_more_than_they_may(base: Any, tmp_path: Path) -> None:
    filled(base, tmp_path)
    sizes = sorted(file.stat().st_size for file in tmp_path.iterdir())
    for place in ("few", "few"):  # also when some are there already
        filled(base, tmp_path / place, sum(sizes) // 2)
        kept = [file.stat().st_size for file in (tmp_path / place).iterdir()]
        # A file's header comes on top of its tensor.
        assert 0 < sum(kept) < sum(sizes) // 2 + 200 * len(kept)
        check(PrefixStates(base, tmp_path / place, 0, 64), base)


def test_nothing_is_computed_that_there_is_no_room_for(
    base: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = PrefixStates(base, tmp_path, 1, 64)
    compute = Mock(wraps=states._compute)
    monkeypatch.setattr(states, "_compute", compute)
    states.fill(ROWS)
    assert compute.call_count == 1  # The first, which shows how large they are.
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_of_a_prefix_grows_with_what_rows_need(base: Any, tmp_path: Path) -> None:
    near = [Row(row.prefix, row.samples[:1]) for row in ROWS]
    shorter = [row for row, near_row in zip(ROWS, near, strict=True) if near_row.reach < row.reach]
    assert shorter
    PrefixStates(base, tmp_path, PLENTY, 64).fill(near)
    check(PrefixStates(base, tmp_path, 0, 64), base)
    filled(base, tmp_path)
    base.get_decoder().forward = None
    batch = PrefixStates(base, tmp_path, 0, 64).of(ROWS)
    assert batch.shape[-2] == max(row.reach for row in ROWS)


def test_a_damaged_file_is_computed_again(base: Any, tmp_path: Path) -> None:
    filled(base, tmp_path)
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:-10])
    check(PrefixStates(base, tmp_path, PLENTY, 64), base)


def test_an_adapter_in_the_model_leaves_them_alone_and_stays_trainable(base: Any, tmp_path: Path) -> None:
    alone = [expected(base, row) for row in ROWS]
    model = add_adapter(base, Hyperparameters(rank=2, precision="float32"))
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data.fill_(0.5)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    batch = PrefixStates(base, tmp_path, 0, 64).of(ROWS)
    for number, (row, states) in enumerate(zip(ROWS, alone, strict=True)):
        torch.testing.assert_close(batch[:, :, number, :, : row.reach], states)
    assert {name for name, weight in model.named_parameters() if weight.requires_grad} == trained


def test_cleared_the_folder_is_gone(base: Any, tmp_path: Path) -> None:
    states = PrefixStates(base, tmp_path / "prefixes", PLENTY, 64)
    states.clear()
    states.clear()
    assert not (tmp_path / "prefixes").exists()
