"""Attention over a prefix whose keys and values are constants.

Registered with transformers under a name of its own. Without `prefix` it is the library's scaled dot-product attention.
With it, queries attend to the prefix's keys and to those of their own tokens, and nothing is differentiated with
respect to the prefix, which has most of the keys: the library's kernels would.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "dualtune_over_prefix"


def register() -> None:
    """Make the attention known to transformers; repeatable."""
    AttentionInterface.register(NAME, over_prefix)
    AttentionMaskInterface.register(NAME, sdpa_mask)


def over_prefix(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    prefix: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """[rows, heads, tokens, size] queries to [rows, tokens, heads, size] outputs, as transformers expects them.

    `prefix` is [layers, 2, rows, key heads, prefix tokens, size]: keys and values, with their positions applied.
    `attention_mask` is added to the scores: [rows, 1, tokens, prefix tokens + tokens].
    """
    if prefix is None or attention_mask is None:
        result: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        return result
    # The queries of the heads that share a key head stand behind one another, so that no key is repeated.
    rows, heads, tokens, size = query.shape
    groups = heads // key.shape[1]
    folded = (query * scaling).reshape(rows, -1, groups * tokens, size)
    mask = attention_mask.repeat(1, 1, groups, 1)
    with torch.autocast(query.device.type, enabled=False):  # It would take the softmax to float32, and back.
        output = _OverPrefix.apply(folded, key, value, *prefix[module.layer_idx], mask)
    return output.view(rows, heads, tokens, size).transpose(1, 2).contiguous(), None


class _OverPrefix(torch.autograd.Function):  # type: ignore[misc] # torch is not followed
    """softmax(q [K k]ᵀ + mask) [V v] for constant K and V, whose gradients are not computed."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, prefix_key: Tensor, prefix_value: Tensor, mask: Tensor
    ) -> Tensor:
        cached = prefix_key.shape[2]
        scores = query.new_empty(*query.shape[:3], mask.shape[3])
        scores[..., :cached] = query @ prefix_key.transpose(2, 3)
        scores[..., cached:] = query @ key.transpose(2, 3)
        scores += mask
        weights = torch.softmax(scores, dim=-1)
        output = weights[..., :cached] @ prefix_value + weights[..., cached:] @ value
        ctx.save_for_backward(query, key, value, prefix_key, prefix_value, weights, output)
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, prefix_key, prefix_value, weights, output = ctx.saved_tensors
        cached = prefix_key.shape[2]
        # With p the weights and g the gradient of the output, that of the scores is p (g vᵀ - Σ g o): the sum over the
        # keys in the softmax's derivative is one over the size of a head (FlashAttention, arXiv 2205.14135, B.2).
        mean = (gradient.float() * output.float()).sum(dim=-1, keepdim=True).to(gradient.dtype)
        on_prefix = (gradient @ prefix_value.transpose(2, 3)).sub_(mean).mul_(weights[..., :cached])
        on_own = (gradient @ value.transpose(2, 3)).sub_(mean).mul_(weights[..., cached:])
        return (
            on_prefix @ prefix_key + on_own @ key,
            on_own.transpose(2, 3) @ query,
            weights[..., cached:].transpose(2, 3) @ gradient,
            None,
            None,
            None,
        )
