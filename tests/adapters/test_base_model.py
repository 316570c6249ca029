"""A base model is described from its configuration and the headers of its weights."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from adapters import BaseModel, BaseModelError, describe_base_model
from adapters.base_model import folder_name

INDEX = "model.safetensors.index.json"


def linear_layers(model: Any) -> dict[str, tuple[int, int]]:
    return {
        name.removesuffix(".weight"): tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if tensor.dim() == 2
    }


def sha256sum(folder: Path, *names: str) -> str:
    """As `sha256sum NAME... | sha256sum` prints it."""
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.fixture(scope="session")
def sharded(tiny_llama: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-sharded"
    tiny_llama.save_pretrained(folder, max_shard_size="10KB")
    return folder


def test_a_checkpoint_in_one_file_is_described(checkpoint: Path, tiny_llama: Any) -> None:
    assert describe_base_model(str(checkpoint)) == BaseModel(
        "tiny-llama", sha256sum(checkpoint, "config.json", "model.safetensors"), linear_layers(tiny_llama)
    )


def test_a_checkpoint_in_shards_is_described(sharded: Path, tiny_llama: Any) -> None:
    shards = [file.name for file in sharded.glob("*.safetensors")]
    assert len(shards) > 1
    assert describe_base_model(str(sharded)) == BaseModel(
        "tiny-sharded", sha256sum(sharded, "config.json", *shards), linear_layers(tiny_llama)
    )


def test_a_model_may_be_given_a_name(checkpoint: Path) -> None:
    assert describe_base_model(str(checkpoint), name="Org/Llama").name == "Org/Llama"


def test_a_model_of_the_hub_is_found_in_the_local_cache(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--Some-Org--Tiny-Llama"
    snapshot = repository / "snapshots" / "c0ffee"
    shutil.copytree(checkpoint, repository / "blobs")
    snapshot.mkdir(parents=True)
    for file in (repository / "blobs").iterdir():
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c0ffee")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    described = describe_base_model(str(checkpoint), name="Some-Org/Tiny-Llama")
    assert describe_base_model("Some-Org/Tiny-Llama") == described
    assert describe_base_model(str(snapshot)) == described


def test_another_configuration_makes_another_model(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"rope_parameters": {"rope_theta": 5.0}}))
    assert describe_base_model(str(copy)).digest != describe_base_model(str(checkpoint)).digest


def test_the_weights_are_read_once(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    seen: list[tuple[int, int]] = []
    first = describe_base_model(str(copy), progress=lambda done, total: seen.append((done, total)))
    size = sum((copy / name).stat().st_size for name in ("config.json", "model.safetensors"))
    assert seen[-1] == (size, size)

    seen.clear()
    assert describe_base_model(str(copy), progress=lambda done, total: seen.append((done, total))) == first
    assert seen == []


def test_weights_of_the_same_size_and_time_are_read_again_when_replaced(checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    weights = copy / "model.safetensors"
    first, stat = describe_base_model(str(copy)), weights.stat()
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert describe_base_model(str(copy)).digest != first.digest


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a": 1}'])
def test_a_spoilt_memory_of_digests_is_written_anew(content: bytes, checkpoint: Path, cache_folder: Path) -> None:
    expected = describe_base_model(str(checkpoint))
    memory = cache_folder / "digests.json"
    good = json.loads(memory.read_text())
    memory.write_bytes(content)
    assert describe_base_model(str(checkpoint)) == expected
    assert json.loads(memory.read_text()) == good


def test_digests_are_found_where_none_can_be_remembered(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    expected = describe_base_model(str(checkpoint))
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert describe_base_model(str(checkpoint)) == expected


def index_of(weight_map: Any) -> Callable[[Path], object]:
    return lambda folder: (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}))


def truncate_a_shard(folder: Path) -> None:
    shard = min(folder.glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: (folder / INDEX).unlink(),
            f"<model> has no model.safetensors and no {INDEX}; give a checkpoint in safetensors format",
        ),
        (
            lambda folder: (folder / INDEX).write_text("{"),
            f"<model>/{INDEX} is not the index of a checkpoint; download it again",
        ),
        (index_of(["a"]), f"<model>/{INDEX} is not the index of a checkpoint; download it again"),
        (index_of({"a": ["b"]}), f"<model>/{INDEX} is not the index of a checkpoint; download it again"),
        (index_of({"a": 1}), f"<model>/{INDEX} names '1', which is not a file beside it"),
        (index_of({"a": "../b"}), f"<model>/{INDEX} names '../b', which is not a file beside it"),
        (
            index_of({"a": "b.safetensors"}),
            "the model in <model> cannot be read: [Errno 2] No such file or directory: '<model>/b.safetensors'; "
            "download it again",
        ),
        (
            lambda folder: (folder / "config.json").unlink(),
            "the model in <model> cannot be read: [Errno 2] No such file or directory: '<model>/config.json'; "
            "download it again",
        ),
        (
            truncate_a_shard,
            "<model>/<shard> is not a whole safetensors file (Error while deserializing header: "
            "incomplete metadata, file not fully covered); download it again",
        ),
    ],
    ids=[
        "no weights",
        "index is not JSON",
        "index is a list",
        "index names a list",
        "index names a number",
        "index names a path",
        "a shard is missing",
        "no configuration",
        "a shard is truncated",
    ],
)
def test_a_damaged_checkpoint_is_refused_with_the_fault_and_the_remedy(
    damage: Callable[[Path], object], message: str, sharded: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sharded, tmp_path / "copy")
    damage(copy)
    with pytest.raises(BaseModelError) as refusal:
        describe_base_model(str(copy))
    shard = min(file.name for file in sharded.glob("*.safetensors"))
    assert str(refusal.value) == message.replace("<model>", str(copy)).replace("<shard>", shard)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("no/such-model", "no/such-model is neither a folder nor in the Hugging Face cache; run: hf download <model>"),
        ("/no/such/folder", "<model> is neither a folder nor the id of a model on the hub"),
        ("Org/two--dashes", "<model> is neither a folder nor the id of a model on the hub"),
        ("~/model", "<model> is neither a folder nor the id of a model on the hub"),
    ],
)
def test_a_model_that_is_not_there_is_refused_with_the_remedy(
    model: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BaseModelError) as refusal:
        describe_base_model(model)
    assert str(refusal.value) == message.replace("<model>", model)


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instruct"),
        ("SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct"),
        ("my model/", "my-model"),
        ("..", "model"),
        (".hidden", "hidden"),
    ],
)
def test_a_model_has_one_folder_in_the_store(model: str, folder: str) -> None:
    assert folder_name(model) == folder


def test_the_store_is_imported_without_the_libraries_of_models() -> None:
    heavy = "sorted({'torch', 'numpy', 'transformers', 'vllm', 'huggingface_hub'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys, adapters; print({heavy})"], capture_output=True, text=True, timeout=60
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")
