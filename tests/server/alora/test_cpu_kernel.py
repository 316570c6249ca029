"""The CPU kernel against a plain row-by-row reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

INPUTS = 24
NO_ADAPTER_ID = 0


@dataclass(frozen=True)
class Layer:
    """Stacked weights of one (merged) linear layer, as vLLM allots them."""

    a: tuple[Any, ...]
    b: tuple[Any, ...]
    widths: tuple[int, ...]


def random_layer(generator: Any, slots: int, rank: int, widths: Sequence[int], dtype: Any) -> Layer:
    def weights(*shape: int) -> Any:
        return torch.randn(*shape, generator=generator).to(dtype)

    return Layer(
        a=tuple(weights(slots, 1, rank, INPUTS) for _ in widths),
        b=tuple(weights(slots, 1, width, rank) for width in widths),
        widths=tuple(widths),
    )


def wrapper_for(slot_of_row: Sequence[int], slots: int, sampled: Sequence[int] = ()) -> Any:
    """A kernel told of this batch the way vLLM does it: by adapter ids, which the slots hold in reverse order."""
    from vllm.lora.layers import LoRAMapping

    from server.alora.cpu_kernel import MixedBatchPunicaCPU

    id_of_slot = [100 - slot for slot in range(slots)]
    kernel = MixedBatchPunicaCPU(512, 8, torch.device("cpu"), lora_config=None)

    def ids(rows: Sequence[int]) -> tuple[int, ...]:
        return tuple(NO_ADAPTER_ID if slot < 0 else id_of_slot[slot] for slot in rows)

    mapping = LoRAMapping(ids(slot_of_row), ids(sampled or slot_of_row), is_prefill=True)
    kernel.update_metadata(mapping, list(id_of_slot), slots + 1, 1000)
    return kernel


def expected(y: Any, x: Any, layer: Layer, slot_of_row: Sequence[int], scale: float) -> Any:
    """Row by row, in float64."""
    out = y.double().clone()
    for row, slot in enumerate(slot_of_row):
        if slot < 0:
            continue
        delta = [
            b[slot, 0].double() @ (a[slot, 0].double() @ x[row].double()) for a, b in zip(layer.a, layer.b, strict=True)
        ]
        out[row, : sum(layer.widths)] += torch.cat(delta) * scale
    return out


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[int], int]:
    """(slot of every row, number of slots): runs of all lengths around the kernel's threshold, as in a real step."""
    slots = draw(st.integers(1, 6))
    runs = draw(
        st.lists(
            st.tuples(st.integers(-1, slots - 1), st.sampled_from([1, 1, 2, 31, 32, 33, 70])), min_size=1, max_size=9
        )
    )
    return [slot for slot, length in runs for _ in range(length)][:512], slots


@given(
    batch=batches(),
    rank=st.sampled_from([1, 2, 8]),
    widths=st.sampled_from([(16,), (24, 8, 8), (40, 40), (1,)]),
    scale=st.sampled_from([1.0, 0.5]),
    padding=st.sampled_from([0, 5]),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_every_row_gets_its_own_adapter_and_no_other_row_is_touched(
    batch: tuple[list[int], int],
    rank: int,
    widths: tuple[int, ...],
    scale: float,
    padding: int,
    seed: int,
    data: st.DataObject,
) -> None:
    slot_of_row, slots = batch
    generator = torch.Generator().manual_seed(seed)
    layer = random_layer(generator, slots, rank, widths, torch.float32)
    # A module that an adapter does not target is zero in its slot.
    for slot, part in data.draw(st.sets(st.tuples(st.integers(0, slots - 1), st.integers(0, len(widths) - 1)))):
        layer.a[part][slot] = 0
        layer.b[part][slot] = 0
    x = torch.randn(len(slot_of_row), INPUTS, generator=generator)
    y = torch.randn(len(slot_of_row), sum(widths) + padding, generator=generator)
    want = expected(y, x, layer, slot_of_row, scale)
    got = y.clone()
    wrapper_for(slot_of_row, slots).add_lora_linear(got, x, layer.a, layer.b, scale, layer.widths)
    torch.testing.assert_close(got.double(), want, rtol=1e-4, atol=1e-4)
    untouched = [row for row, slot in enumerate(slot_of_row) if slot < 0]
    assert torch.equal(got[untouched], y[untouched])
    assert torch.equal(got[:, sum(widths) :], y[:, sum(widths) :])


@given(batch=batches(), seed=st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_sharded_factors_embeddings_and_logits_leave_rows_without_an_adapter_alone(
    batch: tuple[list[int], int], seed: int
) -> None:
    slot_of_row, slots = batch
    generator = torch.Generator().manual_seed(seed)
    rows, rank, widths = len(slot_of_row), 4, (24, 8)
    layer = random_layer(generator, slots, rank, widths, torch.float32)
    x = torch.randn(rows, INPUTS, generator=generator)
    y = torch.randn(rows, sum(widths), generator=generator)
    kernel = wrapper_for(slot_of_row, slots)

    sharded = y.clone()
    buffers = tuple(torch.zeros(rows, rank) for _ in widths)
    kernel.add_shrink(buffers, x, layer.a, 1.0)
    kernel.add_expand(sharded, buffers, layer.b, widths)
    torch.testing.assert_close(sharded.double(), expected(y, x, layer, slot_of_row, 1.0), rtol=1e-4, atol=1e-4)

    first = Layer(layer.a[:1], layer.b[:1], widths[:1])
    logits = y[:, :24].clone()
    kernel.add_lora_logits(logits, x, first.a[0], first.b[0], 1.0)
    want = expected(y[:, :24], x, first, slot_of_row, 1.0)
    torch.testing.assert_close(logits.double(), want, rtol=1e-4, atol=1e-4)

    # The embedding layer looks its rows of A up by itself.
    looked_up = torch.stack(
        [torch.zeros(rank) if s < 0 else first.a[0][s, 0] @ x[r] for r, s in enumerate(slot_of_row)]
    )
    embedded = y[:, :24].clone()
    kernel.add_lora_embedding(embedded, looked_up, first.b[0], add_input=True)
    torch.testing.assert_close(embedded.double(), want, rtol=1e-4, atol=1e-4)


def test_weights_replaced_in_a_slot_are_used_from_the_next_call_on() -> None:
    generator = torch.Generator().manual_seed(0)
    slot_of_row = [0, 1, -1, 2] + [1] * 40
    layer = random_layer(generator, 3, 4, (16, 8), torch.float32)
    x = torch.randn(len(slot_of_row), INPUTS, generator=generator)
    kernel = wrapper_for(slot_of_row, 3)
    for _ in range(3):
        got = torch.zeros(len(slot_of_row), 24)
        kernel.add_lora_linear(got, x, layer.a, layer.b, 1.0, layer.widths)
        want = expected(torch.zeros(len(slot_of_row), 24), x, layer, slot_of_row, 1.0)
        torch.testing.assert_close(got.double(), want, rtol=1e-4, atol=1e-4)
        # As vLLM unloads an adapter and loads another: zeroes, then a copy into the same memory.
        for stack in (*layer.a, *layer.b):
            stack[1] = 0
            stack[1, 0, :, :3].copy_(torch.randn(stack.shape[2], 3, generator=generator))


def test_bfloat16_differs_from_exact_arithmetic_by_rounding_only() -> None:
    generator = torch.Generator().manual_seed(1)
    slot_of_row = [0, 1, -1, 2, 2] + [1] * 40
    layer = random_layer(generator, 3, 8, (16,), torch.bfloat16)
    x = torch.randn(len(slot_of_row), INPUTS, generator=generator).to(torch.bfloat16)
    y = torch.zeros(len(slot_of_row), 16, dtype=torch.bfloat16)
    want = expected(y, x, layer, slot_of_row, 1.0)
    wrapper_for(slot_of_row, 3).add_lora_linear(y, x, layer.a, layer.b, 1.0, layer.widths)
    assert float((y.double() - want).abs().max()) < 0.02 * float(want.abs().max())


def test_an_overflow_in_one_adapter_does_not_reach_the_rows_of_another() -> None:
    layer = random_layer(torch.Generator().manual_seed(2), 2, 4, (16,), torch.float32)
    layer.a[0][0] = float("inf")
    x = torch.ones(2, INPUTS)
    y = torch.zeros(2, 16)
    wrapper_for([1, 0], 2).add_lora_linear(y, x, layer.a, layer.b, 1.0, layer.widths)
    assert bool(torch.isfinite(y[0]).all())
    assert not bool(torch.isfinite(y[1]).all())


def test_a_layer_that_sees_other_rows_than_announced_is_refused() -> None:
    layer = random_layer(torch.Generator().manual_seed(3), 1, 2, (16,), torch.float32)
    with pytest.raises(RuntimeError, match="3 rows, the step's adapter mapping has 2"):
        wrapper_for([0, 0], 1).add_lora_linear(torch.zeros(3, 16), torch.zeros(3, INPUTS), layer.a, layer.b, 1.0, (16,))


def test_tracing_the_kernel_is_refused() -> None:
    layer = random_layer(torch.Generator().manual_seed(3), 1, 2, (16,), torch.float32)
    kernel = wrapper_for([0, 0], 1)

    def forward(y: Any, x: Any) -> Any:
        kernel.add_lora_linear(y, x, layer.a, layer.b, 1.0, (16,))
        return y

    with pytest.raises(Exception, match="cannot be compiled"):
        torch.compile(forward, backend="eager", fullgraph=True)(torch.zeros(2, 16), torch.zeros(2, INPUTS))


def test_vllms_own_cpu_kernel_still_gives_base_rows_the_last_slots_adapter() -> None:
    """The reason for ours: when this fails, vLLM has mended its own."""
    from vllm.lora.layers import LoRAMapping
    from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

    layer = random_layer(torch.Generator().manual_seed(4), 2, 2, (16,), torch.float32)
    kernel = PunicaWrapperCPU(512, 8, torch.device("cpu"))
    kernel.update_metadata(LoRAMapping((0, 7), (0, 7), is_prefill=True), [7, None], 3, 1000)
    y = torch.zeros(2, 16)
    kernel.add_lora_linear(y, torch.ones(2, INPUTS), layer.a, layer.b, 1.0, (16,))
    assert float(y[0].abs().max()) > 0
