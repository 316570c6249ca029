"""Attention over constant prefixes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from training.attention import over_prefix

ROWS, HEADS, KEY_HEADS, TOKENS, CACHED, SIZE = 2, 4, 2, 3, 5, 8
LAYER = SimpleNamespace(layer_idx=1, num_key_value_groups=HEADS // KEY_HEADS)


def random(*shape: int, grad: bool = False) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64).requires_grad_(grad)


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Query, key, value, prefix and mask."""
    torch.manual_seed(0)
    allowed = torch.rand(ROWS, 1, TOKENS, CACHED + TOKENS) < 0.6
    allowed[..., range(TOKENS), range(CACHED, CACHED + TOKENS)] = True
    return (
        random(ROWS, HEADS, TOKENS, SIZE, grad=True),
        random(ROWS, KEY_HEADS, TOKENS, SIZE, grad=True),
        random(ROWS, KEY_HEADS, TOKENS, SIZE, grad=True),
        random(2, 2, ROWS, KEY_HEADS, CACHED, SIZE),
        torch.zeros(allowed.shape, dtype=torch.float64).masked_fill(~allowed, torch.finfo(torch.float64).min),
    )


def test_it_is_the_library_s_attention_over_all_keys(inputs: tuple[Tensor, ...]) -> None:
    query, key, value, prefix, mask = inputs
    output, _ = over_prefix(LAYER, query, key, value, mask, scaling=0.3, prefix=prefix)
    keys, values = (
        torch.cat([constant, own], dim=2).repeat_interleave(2, dim=1)
        for constant, own in zip(prefix[1], (key, value), strict=True)
    )
    expected = scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=0.3).transpose(1, 2)
    torch.testing.assert_close(output, expected)
    upstream = torch.randn_like(output)
    ours, theirs = (torch.autograd.grad(o, (query, key, value), upstream) for o in (output, expected))
    torch.testing.assert_close(ours, theirs)


def test_its_gradients_are_those_of_finite_differences(inputs: tuple[Tensor, ...]) -> None:
    query, key, value, prefix, mask = inputs

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return over_prefix(LAYER, query, key, value, mask, scaling=0.3, prefix=prefix)[0]

    assert torch.autograd.gradcheck(attend, (query, key, value), fast_mode=True)


def test_without_a_prefix_it_is_causal(inputs: tuple[Tensor, ...]) -> None:
    query, key, value, *_ = inputs
    output, _ = over_prefix(LAYER, query, key, value, None, scaling=0.3)
    expected = scaled_dot_product_attention(query, key, value, is_causal=True, scale=0.3, enable_gqa=True)
    torch.testing.assert_close(output, expected.transpose(1, 2))
