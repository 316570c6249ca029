"""The LoRA kernel of vLLM's CPU backend, made right and fast for batches that mix base and adapter rows.

What vLLM does: `PunicaWrapperCPU` looks up the adapter slot of every row in the stacked weights. A row without an
adapter carries the index -1, which in PyTorch is the *last* slot, so base rows get whatever adapter lies there. It also
gathers a whole weight matrix for every single row.

What we change: only rows that have an adapter are touched, and no weight is gathered per row. With `A` and `B` the two
low-rank factors of a slot, a layer adds `x @ A.T @ B.T` to the output of each row:

- a long run of rows with the same adapter (a prompt being prefilled) gets its own pair of matrix products;
- all other rows (many requests decoding, each with its own adapter) share one pair of products against the factors of
  all adapters among them, side by side; the columns of foreign adapters are set to zero in between.

Nothing is kept from one step to the next except the plan of the step, so a slot whose weights are replaced needs no
care. vLLM does not compile the model on the CPU when LoRA is enabled (`CpuPlatform.check_and_update_config` sets
`CompilationMode.NONE`), so this Python runs as written; a trace would freeze one step's plan, and is refused.

This module imports torch and vLLM: only a worker process with LoRA on the CPU loads it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from vllm.lora.ops.torch_ops import bgmv_expand, bgmv_expand_slice, bgmv_shrink
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

NO_ADAPTER = -1

# From about this length on a run is faster by itself than among the others (SmolLM2-135M, rank 16, two cores).
LONG_RUN = 32


@dataclass(frozen=True)
class Scattered:
    """The rows of a step that are not in long runs: `rows` [n], or None for all rows of the step in order.

    `slots` names the g different slots among them: a slice where they are neighbours (no copy), else indices.
    `foreign` [n, g, 1] is true where a slot is not the row's own.
    """

    rows: Tensor | None
    slots: slice | Tensor
    foreign: Tensor

    def factors(self, stacked: Tensor) -> Tensor:
        """The factors of these slots, one below the other: [all slots, rank, width] -> [g * rank, width]."""
        chosen = stacked[self.slots] if isinstance(self.slots, slice) else stacked.index_select(0, self.slots)
        return chosen.reshape(-1, stacked.shape[-1])


@dataclass(frozen=True)
class Plan:
    """Which rows of one step get which slot's adapter. Rows in neither part are left alone."""

    num_rows: int
    runs: tuple[tuple[slice, int], ...]
    scattered: Scattered | None


def make_plan(slot_of_row: Sequence[int]) -> Plan:
    """The plan of a step whose rows have these slots, `NO_ADAPTER` for none."""
    runs: list[tuple[slice, int]] = []
    rows: list[int] = []
    start = 0
    for slot, group in groupby(slot_of_row):
        stop = start + len(list(group))
        if slot != NO_ADAPTER:
            if stop - start >= LONG_RUN:
                runs.append((slice(start, stop), slot))
            else:
                rows.extend(range(start, stop))
        start = stop
    return Plan(start, tuple(runs), _scatter(rows, slot_of_row) if rows else None)


def _scatter(rows: list[int], slot_of_row: Sequence[int]) -> Scattered:
    own = torch.tensor([slot_of_row[row] for row in rows])
    slots = torch.unique(own)
    first, last = int(slots[0]), int(slots[-1])
    neighbours = last - first + 1 == len(slots)
    return Scattered(
        rows=None if len(rows) == len(slot_of_row) else torch.tensor(rows),
        slots=slice(first, last + 1) if neighbours else slots,
        foreign=(own[:, None] != slots)[:, :, None],
    )


class MixedBatchPunicaCPU(PunicaWrapperCPU):  # type: ignore[misc]  # vLLM is not followed by mypy
    """`PunicaWrapperCPU` for batches in which some rows have no adapter.

    `stacked` weights have the shapes of vLLM: A [slots, 1, rank, inputs], B [slots, 1, outputs, rank]; a module that
    an adapter does not target is zero in its slot.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plan = Plan(0, (), None)

    def update_metadata(
        self, mapping: Any, lora_index_to_id: list[int | None], max_loras: int, vocab_size: int, **_: Any
    ) -> None:
        """Take the mapping of the next step, before its forward pass.

        vLLM's own way has room for one run of rows a request; a request whose activation begins within a step is two.
        """
        self._update_base_metadata(mapping, lora_index_to_id, max_loras, vocab_size)
        self._plan = make_plan(self.token_lora_indices.tolist())

    def add_lora_linear(
        self,
        y: Tensor,
        x: Tensor,
        lora_a_stacked: tuple[Tensor, ...],
        lora_b_stacked: tuple[Tensor, ...],
        scale: float,
        output_slices: tuple[int, ...],
        **_: Any,
    ) -> None:
        """Add to each slice of `y` [rows, sum of output_slices], in place, `x @ A.T @ B.T * scale` of its own factors.

        Raises RuntimeError when the layer sees other rows than the step's mapping announced, or is being traced.
        """
        if torch.compiler.is_compiling():
            raise RuntimeError("the CPU LoRA kernel cannot be compiled: use compilation mode NONE with LoRA")
        plan = self._plan
        if not plan.runs and plan.scattered is None:
            return
        y, x = y.view(-1, y.shape[-1]), x.view(-1, x.shape[-1])
        if len(x) != plan.num_rows:
            raise RuntimeError(f"a LoRA layer got {len(x)} rows, the step's adapter mapping has {plan.num_rows}")
        scattered = plan.scattered
        x_scattered = x if scattered is None or scattered.rows is None else x.index_select(0, scattered.rows)
        offset = 0
        for a, b, width in zip(lora_a_stacked, lora_b_stacked, output_slices, strict=True):
            a, b, out = a[:, 0], b[:, 0].transpose(1, 2), y[:, offset : offset + width]
            for rows, slot in plan.runs:
                out[rows] += (x[rows] @ a[slot].t() * scale) @ b[slot]
            if scattered is not None:
                _add_scattered(out, x_scattered, a, b, scale, scattered)
            offset += width

    # The rest is seldom used (embeddings, the output head, tensor parallelism with sharded factors): vLLM's own
    # arithmetic, on the rows that have an adapter.

    def _apply_shrink(self, y: Tensor, x: Tensor, w_t_all: Tensor, scale: float) -> None:
        _on_adapter_rows(bgmv_shrink, y, x, w_t_all, self.token_lora_indices, scale)

    def _apply_expand(
        self, y: Tensor, x: Tensor, w_t_all: Tensor, y_offset: int, y_slice_size: int, add_inputs: bool = True
    ) -> None:
        _on_adapter_rows(bgmv_expand_slice, y, x, w_t_all, self.token_lora_indices, y_offset, y_slice_size, add_inputs)

    def add_lora_embedding(
        self, y: Tensor, x: Tensor, lora_b_stacked: Tensor, add_inputs: bool = True, **_: Any
    ) -> None:
        """Add `x @ B.T` to the embeddings `y`; `x` holds the looked-up rows of A."""
        _on_adapter_rows(bgmv_expand, y, x, lora_b_stacked, self.token_lora_indices, add_inputs)

    def add_lora_logits(
        self, y: Tensor, x: Tensor, lora_a_stacked: Tensor, lora_b_stacked: Tensor, scale: float, **_: Any
    ) -> None:
        """Add `x @ A.T @ B.T * scale` to the logits `y`; the rows here are the sampled positions."""
        y, x = y.view(-1, y.shape[-1]), x.view(-1, x.shape[-1])
        hidden = torch.zeros((len(x), lora_b_stacked.shape[-1]), dtype=torch.float32)
        _on_adapter_rows(bgmv_shrink, hidden, x, lora_a_stacked, self.sampler_indices, scale)
        _on_adapter_rows(bgmv_expand, y, hidden, lora_b_stacked, self.sampler_indices, True)


def _add_scattered(out: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: float, scattered: Scattered) -> None:
    """`x` [n, inputs] are the scattered rows; `a` [slots, rank, inputs], `b` [slots, rank, outputs]."""
    hidden = x @ scattered.factors(a).t() * scale
    hidden.view(scattered.foreign.shape[0], scattered.foreign.shape[1], -1).masked_fill_(scattered.foreign, 0)
    delta = hidden @ scattered.factors(b)
    if scattered.rows is None:
        out += delta
    else:
        out.index_add_(0, scattered.rows, delta)


def _on_adapter_rows(op: Callable[..., None], y: Tensor, x: Tensor, weights: Tensor, slots: Tensor, *args: Any) -> None:
    """Run one of vLLM's row-by-row operations on those rows of `y` and `x` that have an adapter."""
    rows = (slots != NO_ADAPTER).nonzero().squeeze(1)
    part = y.index_select(0, rows)
    op(x.index_select(0, rows), weights, part, slots[rows], *args)
    y.index_copy_(0, rows, part)
