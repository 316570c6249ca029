"""A tiny random base model and adapters that PEFT itself wrote for it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import (
    Adapter,
    AdapterError,
    BaseModel,
    BaseModelId,
    Kind,
    Manifest,
    Role,
    Store,
    check_adapter,
    describe_base_model,
    write_manifest,
)

PROMPT_FORMAT = 3
INVOCATION = [7, 8, 9]

MakeAdapter = Callable[..., Path]
Tensors = dict[str, Any]
"""Tensors in float32, as numpy arrays, by their names in the file."""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where digests are remembered: a folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_llama() -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config)


@pytest.fixture(scope="session")
def checkpoint(tiny_llama: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    tiny_llama.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def base(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return describe_base_model(str(checkpoint))


@pytest.fixture(scope="session")
def saved_by_peft(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """An ordinary and an activated LoRA of random weights and rank 4 (8 in one layer), in bfloat16."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    folders = {}
    for kind in Kind:
        config = LoraConfig(
            r=4,
            lora_alpha=8,
            rank_pattern={"layers.1.mlp.down_proj": 8},
            target_modules=["q_proj", "v_proj", "down_proj"],
            task_type="CAUSAL_LM",
            init_lora_weights=False,
            alora_invocation_tokens=INVOCATION if kind is Kind.ALORA else None,
        )
        model = get_peft_model(LlamaForCausalLM.from_pretrained(checkpoint), config)
        folders[kind] = tmp_path_factory.mktemp("peft") / kind
        model.to(torch.bfloat16).save_pretrained(folders[kind])
    return folders


@pytest.fixture
def make_adapter(saved_by_peft: dict[Kind, Path], base: BaseModel, tmp_path: Path) -> MakeAdapter:
    """Copies an adapter to `place` below the test's folder, with a manifest that fits but for what is given."""

    def make(place: str = "adapter", *, kind: Kind = Kind.LORA, **members: Any) -> Path:
        folder = tmp_path / place
        shutil.copytree(saved_by_peft[kind], folder)
        weights = (folder / "adapter_model.safetensors").read_bytes()
        members = {
            "role": Role.SELECTOR,
            "toolset": "filesystem",
            "base_model": BaseModelId(name=base.name, digest=base.digest),
            "prompt_format": PROMPT_FORMAT,
            "tools_digest": "the tools",
            "data_digest": "the data",
            "weights_digest": hashlib.sha256(weights).hexdigest(),
            "metrics": {"accuracy": 0.9},
            "created": datetime(2026, 1, 2, tzinfo=UTC),
            "training": {"seed": 1},
            **members,
        }
        write_manifest(folder, Manifest(**members))
        return folder

    return make


@pytest.fixture
def check(base: BaseModel) -> Callable[[Path], Adapter]:
    """The check of a server that takes ranks up to 8."""
    return lambda folder: check_adapter(folder, base, max_rank=8, prompt_format=PROMPT_FORMAT)


@pytest.fixture
def refusal(check: Callable[[Path], Adapter]) -> Callable[[Path], tuple[str, str]]:
    """The message and the field with which the adapter in a folder is refused."""

    def refuse(folder: Path) -> tuple[str, str]:
        with pytest.raises(AdapterError) as error:
            check(folder)
        assert len(str(error.value).splitlines()) == 1
        return error.value.message, error.value.field

    return refuse


@pytest.fixture
def set_members() -> Callable[[Path, dict[str, Any]], None]:
    """Sets members of a JSON file; None in Python is null there."""

    def change(file: Path, members: dict[str, Any]) -> None:
        file.write_text(json.dumps(json.loads(file.read_text()) | members))

    return change


@pytest.fixture
def sign(set_members: Callable[[Path, dict[str, Any]], None]) -> Callable[[Path], None]:
    """Puts the digest of the weights that lie in a folder into its manifest."""

    def put(folder: Path) -> None:
        digest = hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
        set_members(folder / "manifest.json", {"weights_digest": digest})

    return put


@pytest.fixture
def change_tensors(sign: Callable[[Path], None]) -> Callable[[Path, Callable[[Tensors], Tensors]], None]:
    """Replaces the weights in a folder, and signs them."""

    def change(folder: Path, edit: Callable[[Tensors], Tensors]) -> None:
        import safetensors.numpy
        import safetensors.torch

        file = folder / "adapter_model.safetensors"
        # numpy has no bfloat16.
        before = {key: tensor.float().numpy() for key, tensor in safetensors.torch.load_file(file).items()}
        safetensors.numpy.save_file(edit(before), file)
        sign(folder)

    return change


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def store(root: Path, base: BaseModel) -> Store:
    return Store(root, base, max_rank=8, prompt_format=3)
