"""LoRA's linear layer with one function of autograd in place of PEFT's chain of them.

That chain has the input in float32, and then a tensor for each of the update's steps. With the few tokens that suffixes
have, moving these takes longer than the matrix products of the base model.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear
from torch import Tensor, nn


class FusedLinear(Linear):  # type: ignore[misc] # peft is not followed
    """W x + b + s B (A x), computed in the precision of W; PEFT's own layer where more than that is to be done."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        plain = not (args or kwargs or self.disable_adapters or self.merged or self.lora_variant)
        if not plain or len(self.active_adapters) != 1 or (self.training and self._drops):
            other: Tensor = super().forward(x, *args, **kwargs)
            return other
        (name,) = self.active_adapters
        down, up = self.lora_A[name].weight, self.lora_B[name].weight
        base = self.get_base_layer()
        # The function's products are as they are written, at any precision that is set around it.
        with torch.autocast(x.device.type, enabled=False):
            result: Tensor = _Lora.apply(
                x.to(base.weight.dtype), base.weight, base.bias, down, up, float(self.scaling[name])
            )
        return result

    @property
    def _drops(self) -> bool:
        return any(not isinstance(dropout, nn.Identity) for dropout in self.lora_dropout.values())


class _Lora(torch.autograd.Function):  # type: ignore[misc] # torch is not followed
    """Differentiated with respect to the input x and to A and B: [rank, inputs] and [outputs, rank], in float32."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor, scale: float
    ) -> Tensor:
        flat = x.flatten(0, -2)
        down, up = down.to(x.dtype), (up * scale).to(x.dtype)
        low = flat @ down.T
        y = nn.functional.linear(flat, weight, bias).addmm_(low, up.T)
        ctx.save_for_backward(flat, weight, down, up, low)
        ctx.scale = scale
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        flat, weight, down, up, low = ctx.saved_tensors
        g = gradient.flatten(0, -2)
        g_low = g @ up
        g_x = (g @ weight).addmm_(g_low, down).view(*gradient.shape[:-1], -1) if ctx.needs_input_grad[0] else None
        return g_x, None, None, (g_low.T @ flat).float(), (g.T @ low).float() * ctx.scale, None
