"""The adapter's layers compute what PEFT's do."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from peft.tuners.lora import Linear
from torch import Tensor, nn

from training.linear import FusedLinear


def outputs(kind: type[Linear], shape: tuple[int, ...], *, rank: int, bias: bool, dropout: float = 0.0) -> list[Tensor]:
    """The output for random weights and inputs, and the gradients of the input and of the adapter."""
    torch.manual_seed(rank)
    base = nn.Linear(shape[-1], 5, bias=bias).requires_grad_(False)
    config = LoraConfig(r=rank, lora_alpha=3, lora_dropout=dropout, init_lora_weights=False)
    layer = kind(base, "default", config=config, r=rank, lora_alpha=3)
    x = torch.randn(shape, requires_grad=True)
    y = layer(x)
    (y * torch.randn_like(y)).sum().backward()
    return [y, *(t.grad for t in (x, layer.lora_A["default"].weight, layer.lora_B["default"].weight))]


@settings(max_examples=25)
@given(rank=st.integers(1, 9), rows=st.integers(1, 4), tokens=st.integers(1, 7), bias=st.booleans())
def test_output_and_gradients_are_those_of_pefts_layer(rank: int, rows: int, tokens: int, bias: bool) -> None:
    shape = (rows, tokens, 6)
    for ours, theirs in zip(
        outputs(FusedLinear, shape, rank=rank, bias=bias), outputs(Linear, shape, rank=rank, bias=bias), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_dropout_is_pefts_own() -> None:
    ours, theirs = (outputs(kind, (2, 3, 6), rank=2, bias=True, dropout=0.5) for kind in (FusedLinear, Linear))
    for one, other in zip(ours, theirs, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("off", ["disabled", "merged"])
def test_an_adapter_that_is_off_or_merged_is_not_added(off: str) -> None:
    base = nn.Linear(6, 5)
    layer = FusedLinear(base, "default", config=LoraConfig(init_lora_weights=False), r=2, lora_alpha=3)
    x = torch.randn(2, 6)
    before, added = base(x), layer(x)
    if off == "disabled":
        layer.enable_adapters(False)
        assert torch.equal(layer(x), before)
    else:
        layer.merge()
        torch.testing.assert_close(layer(x), added)
