"""An adapter whose weights are not whole, not the right ones or not for this base model is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters import Adapter

WEIGHTS = "adapter_model.safetensors"
LAYER = "base_model.model.model.layers.0.self_attn.q_proj"
AGAIN = "train the adapter again or copy it again"

MakeAdapter = Callable[..., Path]
Refusal = Callable[[Path], tuple[str, str]]
Tensors = dict[str, np.ndarray[Any, Any]]
Change = Callable[[Tensors], Tensors]


def setting(key: str, tensor: np.ndarray[Any, Any]) -> Change:
    return lambda before: before | {key: tensor}


def zeros(*shape: int, dtype: str = "float32") -> np.ndarray[Any, Any]:
    return np.zeros(shape, dtype)


def one_bad_value(value: float, dtype: str) -> Change:
    bad = zeros(4, 16, dtype=dtype)
    bad[1, 2] = value
    return setting(f"{LAYER}.lora_A.weight", bad)


# What is changed, and what the message says after the file's name and before the remedy.
TENSORS: dict[str, tuple[Change, str]] = {
    "no tensors": (lambda before: {}, "it holds no weights"),
    "a trained norm": (
        setting("base_model.model.model.norm.weight", zeros(16)),
        "'base_model.model.model.norm.weight' is not a weight of a LoRA on a linear layer",
    ),
    "a very long name": (
        setting("n" * 500, zeros(16)),
        f"'{'n' * 97}...' is not a weight of a LoRA on a linear layer",
    ),
    "a name in two lines": (
        setting(f"{LAYER}\n.lora_A.weight", zeros(4, 16)),
        f"'{LAYER}\\n.lora_A.weight' is not a weight of a LoRA on a linear layer",
    ),
    "an embedding": (
        setting("base_model.model.model.embed_tokens.lora_embedding_A", zeros(4, 64)),
        "'base_model.model.model.embed_tokens.lora_embedding_A' is not a weight of a LoRA on a linear layer",
    ),
    "the head": (
        setting("base_model.model.lm_head.lora_A.weight", zeros(4, 16)),
        "'lm_head' is not a linear layer of a decoder block, and no other can be served",
    ),
    "an expert": (
        setting("base_model.model.model.layers.0.mlp.experts.0.w1.lora_A.weight", zeros(4, 16)),
        "'model.layers.0.mlp.experts.0.w1' is not a linear layer of a decoder block, and no other can be served",
    ),
    "a layer that the base does not have": (
        lambda before: {key.replace("layers.1", "layers.2"): tensor for key, tensor in before.items()},
        "the base model has no linear layer 'model.layers.2.mlp.down_proj'",
    ),
    "half a pair": (
        lambda before: {key: tensor for key, tensor in before.items() if key != f"{LAYER}.lora_B.weight"},
        "lora_B of 'model.layers.0.self_attn.q_proj' is missing",
    ),
    "another width": (
        setting(f"{LAYER}.lora_A.weight", zeros(4, 17)),
        "lora_A of 'model.layers.0.self_attn.q_proj' has the shape [4, 17], not [4, 16]",
    ),
    "a transposed half": (
        setting(f"{LAYER}.lora_B.weight", zeros(4, 16)),
        "lora_B of 'model.layers.0.self_attn.q_proj' has the shape [4, 16], not [16, 4]",
    ),
    "a rank that the configuration does not say": (
        lambda before: before | {f"{LAYER}.lora_A.weight": zeros(2, 16), f"{LAYER}.lora_B.weight": zeros(16, 2)},
        "lora_A of 'model.layers.0.self_attn.q_proj' has the shape [2, 16], not [4, 16]",
    ),
    "whole numbers": (
        setting(f"{LAYER}.lora_A.weight", zeros(4, 16, dtype="int8")),
        f"'{LAYER}.lora_A.weight' holds I8, not F32, F16 or BF16",
    ),
    "numbers of eight bytes": (
        setting(f"{LAYER}.lora_A.weight", zeros(4, 16, dtype="float64")),
        f"'{LAYER}.lora_A.weight' holds F64, not F32, F16 or BF16",
    ),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_the_base_model_has_no_place_for_are_named(
    name: str, make_adapter: MakeAdapter, change_tensors: Callable[..., None], refusal: Refusal
) -> None:
    change, fault = TENSORS[name]
    folder = make_adapter()
    change_tensors(folder, change)
    assert refusal(folder) == (f"{WEIGHTS}: {fault}; {AGAIN}", WEIGHTS)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_no_numbers_are_refused(
    value: float, dtype: str, make_adapter: MakeAdapter, change_tensors: Callable[..., None], refusal: Refusal
) -> None:
    folder = make_adapter()
    change_tensors(folder, one_bad_value(value, dtype))
    assert refusal(folder) == (
        f"{WEIGHTS}: '{LAYER}.lora_A.weight' holds infinity or NaN; train the adapter again with a lower learning rate",
        WEIGHTS,
    )


def test_a_nan_in_bfloat16_is_refused(
    make_adapter: MakeAdapter, sign: Callable[[Path], None], refusal: Refusal
) -> None:
    folder = make_adapter()
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-2] + b"\xc0\x7f")
    sign(folder)
    assert refusal(folder) == (
        f"{WEIGHTS}: 'base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight' holds infinity or NaN; "
        "train the adapter again with a lower learning rate",
        WEIGHTS,
    )


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_largest_numbers_of_a_format_pass(
    dtype: str, make_adapter: MakeAdapter, change_tensors: Callable[..., None], check: Callable[[Path], Adapter]
) -> None:
    folder = make_adapter()
    change_tensors(folder, one_bad_value(float(np.finfo(dtype).max), dtype))
    assert check(folder).rank == 8


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (lambda data: b"", "header too small"),
        (lambda data: data[:100], "invalid header length"),
        (lambda data: data[:-1], "incomplete metadata, file not fully covered"),
        (lambda data: data + b"\0", "incomplete metadata, file not fully covered"),
        (lambda data: b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94.", "header too large"),
    ],
    ids=["empty", "truncated in the header", "truncated", "longer", "a pickle"],
)
def test_a_file_that_is_not_whole_is_refused_whatever_the_manifest_says(
    content: Callable[[bytes], bytes],
    fault: str,
    make_adapter: MakeAdapter,
    sign: Callable[[Path], None],
    refusal: Refusal,
) -> None:
    folder = make_adapter()
    (folder / WEIGHTS).write_bytes(content((folder / WEIGHTS).read_bytes()))
    sign(folder)
    assert refusal(folder) == (
        f"{WEIGHTS} is not a whole safetensors file (Error while deserializing header: {fault}); {AGAIN}",
        WEIGHTS,
    )


def test_weights_that_the_manifest_was_not_written_for_are_refused(make_adapter: MakeAdapter, refusal: Refusal) -> None:
    folder = make_adapter()
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-2] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    assert refusal(folder) == (f"{WEIGHTS} is not the file that manifest.json was written for; {AGAIN}", WEIGHTS)
