"""Training of one adapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator

from adapters import Kind
from tests.training.world import rows, tiny_llama
from training import attention
from training.checkpoint import Checkpoint
from training.errors import Interrupted, TrainingError
from training.history import Epoch, best
from training.learner import Learner
from training.lora import add_adapter
from training.prefixes import PrefixStates
from training.samples import Data
from training.settings import Hyperparameters
from training.trainer import Progress, Trainer

DATA = Data(rows(1, 24, learnable=True), rows(2, 8, learnable=True))
SETTINGS = Hyperparameters(
    rank=4, alpha=8, learning_rate=2e-2, epochs=3, batch_size=8, patience=3, dropout=0.1, precision="float32"
)


class Session:
    """A trainer on a fresh model, as a process of its own would have it."""

    def __init__(self, folder: Path, settings: Hyperparameters = SETTINGS, data: Data = DATA) -> None:
        base = tiny_llama()
        base.requires_grad_(False)
        attention.register()
        base.set_attn_implementation(attention.NAME)
        states = PrefixStates(base, folder / "prefixes", 2**30, 512) if settings.kind is Kind.ALORA else None
        self.learner = Learner(add_adapter(base, settings), states)
        self.checkpoint = folder / "adapter.pt"
        self.trainer = Trainer(self.learner, data, settings, Accelerator(cpu=True), self.checkpoint)

    @property
    def weights(self) -> dict[str, Any]:
        return {name: w.detach().clone() for name, w in self.learner.named_parameters() if w.requires_grad}


def untimed(history: list[Epoch]) -> list[Epoch]:
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in history]


def after(steps: int) -> Callable[[], bool]:
    """Whether to stop, true from the step of that number on."""
    asked = iter(range(1, 10**6))
    return lambda: next(asked) >= steps


@pytest.mark.parametrize("kind", list(Kind))
def test_the_loss_falls_and_in_the_end_most_samples_are_exact(kind: Kind, tmp_path: Path) -> None:
    session = Session(
        tmp_path, SETTINGS.model_copy(update={"kind": kind, "epochs": 20, "patience": 20, "dropout": 0.0})
    )
    told: list[Progress] = []
    history = session.trainer.train(told.append)
    assert [epoch["epoch"] for epoch in history] == list(range(1, 21))
    assert history[-1]["loss"] < history[0]["loss"] / 4
    assert history[0]["validation_exact"] < 0.2 < 0.8 < history[-1]["validation_exact"]
    assert [progress.step for progress in told] == list(range(1, session.trainer.steps + 1))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("steps", [1, 7, 12])
def test_interrupted_and_resumed_it_is_as_if_it_had_never_stopped(kind: Kind, steps: int, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"kind": kind})
    whole = Session(tmp_path / "whole", settings)
    history = whole.trainer.train()
    with pytest.raises(Interrupted):
        Session(tmp_path / "parts", settings).trainer.train(should_stop=after(steps))
    resumed = Session(tmp_path / "parts", settings)
    assert untimed(resumed.trainer.train()) == untimed(history)
    torch.testing.assert_close(resumed.weights, whole.weights, rtol=0, atol=0)


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    history = Session(tmp_path).trainer.train()
    told: list[Progress] = []
    assert Session(tmp_path).trainer.train(told.append) == history
    assert told == []


def test_training_ends_when_validation_gets_no_better_and_the_best_weights_are_kept(tmp_path: Path) -> None:
    # Validated on what contradicts the training, which is soon overfitted.
    contrary = Data(DATA.rows, rows(3, 8))
    settings = SETTINGS.model_copy(update={"epochs": 20, "patience": 2, "learning_rate": 5e-2})
    session = Session(tmp_path, settings, contrary)
    history = session.trainer.train()
    assert len(history) == best(history)["epoch"] + 2 < 20
    with torch.no_grad():
        session.learner.eval()
        loss, _ = session.learner(contrary.validation)
    learnt = sum(len(sample.written) for row in contrary.validation for sample in row.samples)
    assert float(loss) / learnt == pytest.approx(best(history)["validation_loss"], rel=1e-4)


def test_without_validation_data_all_epochs_are_trained_and_the_last_is_taken(tmp_path: Path) -> None:
    session = Session(tmp_path, data=Data(DATA.rows, ()))
    history = session.trainer.train()
    assert [sorted(epoch) for epoch in history] == [["epoch", "loss", "seconds"]] * SETTINGS.epochs
    assert best(history) is history[-1]


def test_the_size_of_a_forward_pass_makes_no_difference(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"dropout": 0.0, "epochs": 1})
    whole = Session(tmp_path / "whole", settings)
    cut = Session(tmp_path / "cut", settings.model_copy(update={"forward_tokens": 64}))
    for ours, theirs in zip(whole.trainer.train(), cut.trainer.train(), strict=True):
        assert untimed([ours]) == [pytest.approx(untimed([theirs])[0], rel=1e-4)]
    torch.testing.assert_close(whole.weights, cut.weights, rtol=1e-3, atol=1e-4)


def test_a_checkpoint_of_other_data_or_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        Session(tmp_path).trainer.train(should_stop=lambda: True)
    other = Session(tmp_path, SETTINGS.model_copy(update={"learning_rate": 1e-3}))
    with pytest.raises(TrainingError, match=r"adapter\.pt was written with other data or settings"):
        other.trainer.train()


def test_a_damaged_checkpoint_is_refused_and_named(tmp_path: Path) -> None:
    session = Session(tmp_path)
    Checkpoint("any").write(session.checkpoint)
    session.checkpoint.write_bytes(session.checkpoint.read_bytes()[:-50])
    with pytest.raises(TrainingError, match=r"adapter\.pt cannot be read; delete it"):
        session.trainer.train()
