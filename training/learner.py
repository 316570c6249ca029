"""The loss of rows under one adapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from training.batches import Inputs, collate
from training.errors import TrainingError
from training.prefixes import PrefixStates
from training.samples import Row

if TYPE_CHECKING:
    from peft import PeftModel

_TOLERANCE = 0.3
"""bfloat16 alone makes a relative difference of some hundredths; another attention makes one above 1."""


class Learner(nn.Module):  # type: ignore[misc] # torch is not followed
    """Loss and hits of rows; a module, so that it may be wrapped for several devices.

    With `states` an activated adapter is trained: the prefixes come from there and only suffixes are computed.
    Without, an ordinary one: a prefix is computed, under the adapter, once for all samples of its row.
    """

    def __init__(self, model: PeftModel, states: PrefixStates | None) -> None:
        super().__init__()
        self.model = model
        # Not a submodule, nor anything that is saved.
        self._states = states

    def forward(self, rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
        """The summed cross-entropy of the learnt tokens, and how many samples have them all as the likeliest."""
        device = self.model.device
        inputs = self._inputs(rows)
        learnt = inputs.learnt.to(device)
        with self.arithmetic():
            logits = self._logits(inputs, rows).float()
        loss = nn.functional.cross_entropy(logits, learnt, reduction="sum")
        missed = (logits.argmax(dim=-1) != learnt).long()
        samples = sum(len(row.samples) for row in rows)
        misses = torch.zeros(samples, dtype=torch.long, device=device).index_add_(0, inputs.sample.to(device), missed)
        return loss, (misses == 0).sum()

    def logits(self, rows: Sequence[Row]) -> Tensor:
        """[learnt, vocabulary]: what the learnt tokens of the rows are predicted by."""
        return self._logits(self._inputs(rows), rows)

    def arithmetic(self) -> Any:
        """The context to compute in."""
        # The adapter's weights are float32: without this they would be multiplied as such, which is slow.
        return torch.autocast(self.model.device.type, self.model.dtype, enabled=self.model.dtype is not torch.float32)

    def _inputs(self, rows: Sequence[Row]) -> Inputs:
        return collate(rows, cached=self._states is not None)

    def _logits(self, inputs: Inputs, rows: Sequence[Row]) -> Tensor:
        # The head is large: it is applied only where a token is learnt.
        base = self.model.get_base_model()
        device = self.model.device
        mask = torch.zeros(inputs.allowed.shape, dtype=self.model.dtype, device=device)
        mask.masked_fill_(~inputs.allowed.to(device), torch.finfo(mask.dtype).min)
        prefix = {"prefix": self._states.of(rows)} if self._states is not None else {}
        hidden = base.get_decoder()(
            input_ids=inputs.ids.to(device),
            position_ids=inputs.positions.to(device),
            attention_mask=mask,
            use_cache=False,
            **prefix,
        ).last_hidden_state
        head: nn.Module = base.get_output_embeddings()
        logits: Tensor = head(hidden.flatten(0, 1)[inputs.before.to(device)])
        return logits


def check_model(learner: Learner, row: Row) -> None:
    """Compare the learner's logits of a row with the model's own, computed whole and one sample at a time.

    Raises TrainingError where they differ by more than arithmetic can: the head may do more than a matrix product, or
    the attention may not be the one that is replaced here. The adapter must be fresh, and so without effect.
    """
    with torch.no_grad(), learner.arithmetic():
        theirs = []
        for sample in row.samples:
            ids = torch.tensor([[*row.prefix.ids[: sample.start], *sample.suffix, *sample.written]])
            logits = learner.model(input_ids=ids.to(learner.model.device)).logits[0].float()
            theirs.append(logits[-len(sample.written) - 1 : -1])
        try:
            ours = learner.logits([row]).float()
        except (RuntimeError, TypeError) as error:
            raise _unfit(str(error).splitlines()[0]) from error
    expected = torch.cat(theirs)
    # Apart from what they have in common, which is most of them and says nothing.
    spread = expected - expected.mean(dim=-1, keepdim=True)
    difference = float((ours - expected).norm() / spread.norm())
    if not difference < _TOLERANCE:
        raise _unfit(f"what the trainer computes differs from its outputs by {difference:.0%}")


def _unfit(reason: str) -> TrainingError:
    return TrainingError(
        f"this model's architecture cannot be trained: {reason}; use one with plain causal attention, as Llama and "
        "Qwen2.5 have",
        "model",
    )
