"""The state of one adapter's training, written so that it can go on as if it had never stopped."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.errors import TrainingError
from training.history import Epoch

Weights = dict[str, Tensor]


@dataclass
class Checkpoint:
    """`epoch` and `batch` are the next to be done. `random` is the state of torch's generators."""

    fingerprint: str
    """Of the data and settings; a checkpoint of others is refused."""
    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    tokens: int = 0
    """The training loss of this epoch so far, summed over the learnt tokens, and their number."""
    seconds: float = 0.0
    history: list[Epoch] = field(default_factory=list)
    weights: Weights = field(default_factory=dict)
    best: Weights | None = None
    optimizer: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    random: list[Tensor] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            torch.save({item.name: getattr(self, item.name) for item in fields(self)}, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path, fingerprint: str) -> Checkpoint | None:
        """The checkpoint at `path`, None if there is none. Raises TrainingError for one of other data or settings."""
        try:
            # Tensors and plain values only: a checkpoint cannot run code.
            checkpoint = cls(**torch.load(path, map_location="cpu", weights_only=True))
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} cannot be read; delete it to train this adapter from the start") from error
        if checkpoint.fingerprint != fingerprint:
            raise TrainingError(
                f"{path} was written with other data or settings; go on with those, name another run folder, "
                "or delete it"
            )
        return checkpoint


def random_state() -> list[Tensor]:
    """The state of torch's generators: the CPU's, then those of the GPUs."""
    return [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]


def set_random_state(state: list[Tensor]) -> None:
    """Set them as `random_state` gave them."""
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state_all(state[1:])
