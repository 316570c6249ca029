"""The training of one adapter: steps over batches, validation after each epoch, and the best weights at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

import torch
from transformers import get_scheduler

from adapters import Kind
from training.batches import batches, parts
from training.checkpoint import Checkpoint, Weights, random_state, set_random_state
from training.errors import Interrupted
from training.history import Epoch, best
from training.samples import Data, Row, count
from training.settings import Hyperparameters

if TYPE_CHECKING:
    from accelerate import Accelerator

    from training.learner import Learner

CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Progress:
    """Told after every step. `loss` is the mean over the learnt tokens of the epoch so far."""

    epoch: int
    step: int
    loss: float


class Trainer:
    """Trains the adapter of `learner`, going on from the file `checkpoint` where there is one.

    Under `accelerator` several processes, started by `accelerate launch`, each compute a share of every batch.
    """

    def __init__(
        self, learner: Learner, data: Data, settings: Hyperparameters, accelerator: Accelerator, checkpoint: Path
    ) -> None:
        self._data = data
        self._settings = settings
        self._accelerator = accelerator
        self._checkpoint = checkpoint
        self._fingerprint = f"{data.digest}/{settings.model_dump_json()}"
        self._parameters = _trained(learner)
        self._plan = [
            batches(
                data.rows, settings.batch_size, Random(f"{settings.seed}/{epoch}"), cached=settings.kind is Kind.ALORA
            )
            for epoch in range(settings.epochs)
        ]
        self.steps = sum(map(len, self._plan))
        self._module = learner
        self._learner = accelerator.prepare_model(learner)
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self._schedule = get_scheduler(
            settings.schedule if settings.schedule != "constant" else "constant_with_warmup",
            self._optimizer,
            num_warmup_steps=round(settings.warmup * self.steps),
            num_training_steps=self.steps,
        )

    def train(
        self,
        report: Callable[[Progress], None] = lambda progress: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Epoch]:
        """Train to the end; the learner then has the weights of the best epoch.

        `report` is called, and `should_stop` asked, after every step.
        Raises Interrupted, and TrainingError for a checkpoint of other data or settings.
        """
        state = self._resume()
        while state.epoch < self._settings.epochs and self._is_improving(state.history):
            self._run_epoch(state, report, should_stop)
            started = monotonic()
            entry = {"epoch": state.epoch + 1.0, "loss": state.loss / state.tokens, **self._validate()}
            state.seconds += monotonic() - started
            state.history.append(entry | {"seconds": state.seconds})
            if best(state.history) is state.history[-1]:
                state.best = weights(self._module)
            state.epoch, state.batch, state.loss, state.tokens = state.epoch + 1, 0, 0.0, 0
            self._save(state)
        load(self._module, state.best or state.weights)
        return state.history

    def _run_epoch(
        self, state: Checkpoint, report: Callable[[Progress], None], should_stop: Callable[[], bool]
    ) -> None:
        """The steps that are left of the epoch that `state` is in."""
        before = state.seconds
        started = written = monotonic()
        self._learner.train()
        for batch in self._plan[state.epoch][state.batch :]:
            state.loss += self._step(batch)
            state.tokens += _learnt(batch)
            state.batch += 1
            state.seconds = before + monotonic() - started
            done = sum(map(len, self._plan[: state.epoch])) + state.batch
            report(Progress(state.epoch + 1, done, state.loss / state.tokens))
            stop = self._sum(float(should_stop())) > 0
            if stop or monotonic() - written > CHECKPOINT_SECONDS:
                self._save(state)
                written = monotonic()
            if stop:
                raise Interrupted

    def _step(self, batch: Sequence[Row]) -> float:
        """One step of the optimizer; gives the summed loss of the batch."""
        shares = list(self._shares(batch))
        total = 0.0
        for number, (rows, weight) in enumerate(shares):
            # Gradients are averaged over the processes, once, with those of the last part.
            is_last = number == len(shares) - 1
            with nullcontext() if is_last else self._accelerator.no_sync(self._learner):
                loss, _ = self._learner(rows)
                self._accelerator.backward(loss * weight * self._accelerator.num_processes / _learnt(batch))
                total += float(loss.detach()) * weight
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), self._settings.max_grad_norm)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        return self._sum(total)

    def _validate(self) -> Epoch:
        rows = sorted(self._data.validation, key=lambda row: row.reach)
        if not rows:
            return {}
        self._learner.eval()
        loss = exact = 0.0
        with torch.no_grad():
            for part, weight in self._shares(rows):
                summed, hits = self._learner(part)
                loss += float(summed) * weight
                exact += float(hits) * weight
        return {
            "validation_loss": self._sum(loss) / _learnt(rows),
            "validation_exact": self._sum(exact) / count(rows),
        }

    def _shares(self, batch: Sequence[Row]) -> Iterator[tuple[list[Row], float]]:
        """The forward passes of this process. One that has nothing to do computes something of weight 0: the others
        wait for it."""
        own = batch[self._accelerator.process_index :: self._accelerator.num_processes]
        for part in parts(own or batch[:1], self._settings.forward_tokens):
            yield part, 1.0 if own else 0.0

    def _sum(self, value: float) -> float:
        """Over all processes."""
        if self._accelerator.num_processes == 1:
            return value
        device = self._accelerator.device
        return float(self._accelerator.reduce(torch.tensor(value, device=device), reduction="sum"))

    def _is_improving(self, history: list[Epoch]) -> bool:
        return not history or history[-1]["epoch"] - best(history)["epoch"] < self._settings.patience

    def _resume(self) -> Checkpoint:
        state = Checkpoint.read(self._checkpoint, self._fingerprint)
        if state is None:
            return Checkpoint(self._fingerprint)
        load(self._module, state.weights)
        self._optimizer.load_state_dict(state.optimizer)
        self._schedule.load_state_dict(state.schedule)
        set_random_state(state.random)
        return state

    def _save(self, state: Checkpoint) -> None:
        state.weights = weights(self._module)
        state.optimizer, state.schedule = self._optimizer.state_dict(), self._schedule.state_dict()
        state.random = random_state()
        if self._accelerator.is_main_process:
            state.write(self._checkpoint)
        self._accelerator.wait_for_everyone()


def weights(learner: Learner) -> Weights:
    """What is trained of it: the adapter's weights, copied."""
    return {name: weight.detach().cpu().clone() for name, weight in _trained(learner).items()}


def load(learner: Learner, weights: Weights) -> None:
    """The opposite of `weights`."""
    with torch.no_grad():
        for name, weight in _trained(learner).items():
            weight.copy_(weights[name])


def _trained(learner: Learner) -> dict[str, torch.nn.Parameter]:
    return {name: weight for name, weight in learner.named_parameters() if weight.requires_grad}


def _learnt(rows: Sequence[Row]) -> int:
    return sum(len(sample.written) for row in rows for sample in row.samples)
