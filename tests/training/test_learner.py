"""The trainer's loss and gradients are those of PEFT's own training."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy

from adapters import Kind
from tests.training.world import INVOCATION, ids, rows, tiny_llama
from training import attention
from training.errors import TrainingError
from training.learner import Learner, check_model
from training.lora import add_adapter
from training.prefixes import PrefixStates
from training.samples import Row
from training.settings import Hyperparameters

SETTINGS = Hyperparameters(rank=4, alpha=8, precision="float32")
Gradients = dict[str, torch.Tensor]


def by_peft(kind: Kind, batch: list[Row], seed: int) -> tuple[float, int, Gradients, Gradients]:
    """Loss, hits, gradients and weights by PEFT, each example by itself and whole; the adapter's weights are random."""
    base = tiny_llama()
    base.requires_grad_(False)
    torch.manual_seed(seed)
    config = LoraConfig(
        r=SETTINGS.rank,
        lora_alpha=SETTINGS.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        init_lora_weights=False,
        alora_invocation_tokens=list(INVOCATION) if kind is Kind.ALORA else None,
    )
    model = get_peft_model(base, config)
    total, hits = torch.zeros(()), 0
    for tokens, sample in zip(ids(batch), (s for row in batch for s in row.samples), strict=True):
        inputs = torch.tensor([tokens])
        logits = model(input_ids=inputs).logits[0, -len(sample.written) - 1 : -1]
        total = total + cross_entropy(logits, inputs[0, -len(sample.written) :], reduction="sum")
        hits += bool((logits.argmax(-1) == inputs[0, -len(sample.written) :]).all())
    total.backward()
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    weights = {name: weight.detach().clone() for name, weight in trained.items()}
    return float(total.detach()), hits, {name: weight.grad for name, weight in trained.items()}, weights


def learner(kind: Kind, folder: Path, weights: Gradients | None = None, *, cache: int = 2**30) -> Learner:
    base = tiny_llama()
    base.requires_grad_(False)
    attention.register()
    base.set_attn_implementation(attention.NAME)
    model = add_adapter(base, SETTINGS)
    model.load_state_dict(weights or {}, strict=False)
    return Learner(model, PrefixStates(base, folder, cache, 64) if kind is Kind.ALORA else None)


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=10)
@given(seed=st.integers(0, 999), size=st.integers(1, 6), cut=st.integers(1, 6), cache=st.sampled_from([0, 2**30]))
def test_loss_and_gradients_are_those_of_peft(kind: Kind, seed: int, size: int, cut: int, cache: int) -> None:
    """Over rows of all lengths, computed together or in parts, with prefixes kept or computed again."""
    batch = rows(seed, size)
    loss, hits, gradients, weights = by_peft(kind, batch, seed)
    with TemporaryDirectory() as folder:
        ours = learner(kind, Path(folder), weights, cache=cache)
        total, found = 0.0, 0
        for start in range(0, size, cut):
            part, exact = ours(batch[start : start + cut])
            part.backward()
            total, found = total + float(part.detach()), found + int(exact)
    assert total == pytest.approx(loss, rel=1e-5)
    assert found == hits
    for name, weight in ours.named_parameters():
        if weight.requires_grad:
            # Sums in another order: float32 differs in the fifth place after the point.
            torch.testing.assert_close(weight.grad, gradients[name.removeprefix("model.")], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", list(Kind))
def test_bfloat16_is_near_float32(kind: Kind, tmp_path: Path) -> None:
    batch = rows(1, 6)
    exact, _ = learner(kind, tmp_path / "32")(batch)
    rough = learner(kind, tmp_path / "16")
    for weight in rough.model.get_base_model().parameters():
        if not weight.requires_grad:
            weight.data = weight.data.to(torch.bfloat16)
    loss, _ = rough(batch)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(exact.detach()), rel=0.02)
    assert {weight.dtype for weight in rough.parameters() if weight.requires_grad} == {torch.float32}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_model_of_the_usual_architecture_passes_the_check(kind: Kind, tmp_path: Path) -> None:
    check_model(learner(kind, tmp_path), rows(3, 1)[0])


def test_a_model_whose_head_does_more_is_refused(tmp_path: Path) -> None:
    ours = learner(Kind.ALORA, tmp_path)
    forward = ours.model.get_base_model().forward

    def softcapped(*args: Any, **kwargs: Any) -> Any:
        output = forward(*args, **kwargs)
        output.logits = torch.tanh(output.logits * 10)
        return output

    ours.model.get_base_model().forward = softcapped
    with pytest.raises(TrainingError, match="this model's architecture cannot be trained"):
        check_model(ours, rows(3, 1)[0])


def test_a_model_that_goes_its_own_way_to_attend_is_refused(tmp_path: Path) -> None:
    ours = learner(Kind.ALORA, tmp_path)
    ours.model.get_base_model().set_attn_implementation("sdpa")
    with pytest.raises(TrainingError, match="this model's architecture cannot be trained"):
        check_model(ours, rows(3, 1)[0])
