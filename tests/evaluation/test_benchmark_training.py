"""The benchmark of training, on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from evaluation.benchmarks.training import made_up, measure
from tests.training.world import write_checkpoint
from toolsets import Registry
from toolsets.registry import PACKAGED
from training.settings import Hyperparameters


def test_every_way_is_timed_on_the_same_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path / "cache"))
    torch.set_num_threads(1)
    toolset = Registry.load(PACKAGED).toolsets["filesystem"]
    tasks = [made_up(number, toolset, words=5) for number in range(6)]
    settings = Hyperparameters(precision="float32", batch_size=8, rank=2)
    report = measure(write_checkpoint(tmp_path / "tiny"), tasks, settings, limit=2)
    assert report.seconds.keys() == {"prefixes", "suffixes", "rows", "peft alora", "peft lora"}
    assert all(seconds > 0 for seconds in report.seconds.values())
    # Each task has four samples for the selector, and one batch is not measured.
    assert (report.batches, report.examples) == (2, 8)
    assert max(report.suffix_tokens, report.prefix_tokens) < report.whole_tokens
    assert len(report.ratios) == 4
