from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import pytest
from rich.console import Console
from tokenizers import Tokenizer

from server import embedded
from server.embedded import EmbeddedModelError, default_model, ensure_model, is_whole, model_folder

QUIET = Console(quiet=True)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


class FakeConversion:
    """Stands in for the slow conversion: writes two small files and counts its runs."""

    def __init__(self, weights: bytes = b"weights") -> None:
        self.weights = weights
        self.runs = 0

    def __call__(self, gguf: Path, folder: Path) -> None:
        self.runs += 1
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(self.weights)
        (folder / "config.json").write_text("{}")
        (folder / "config.json").chmod(0o600)


@pytest.fixture
def conversion(cache: Path, monkeypatch: pytest.MonkeyPatch) -> FakeConversion:
    fake = FakeConversion()
    monkeypatch.setattr(embedded, "_run_apart", fake)
    monkeypatch.setattr(embedded, "WEIGHTS_SHA256", hashlib.sha256(fake.weights).hexdigest())
    return fake


def test_the_model_is_converted_once(conversion: FakeConversion) -> None:
    folders = [ensure_model(QUIET) for _ in range(3)]

    assert folders == [model_folder()] * 3
    assert conversion.runs == 1


def test_a_finished_folder_holds_the_checkpoint_and_its_marker_and_all_may_read_it(
    conversion: FakeConversion, cache: Path
) -> None:
    folder = ensure_model(QUIET)

    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == dict.fromkeys(["config.json", "converted.json", "model.safetensors"], 0o644)
    assert folder.stat().st_mode & 0o777 == 0o755
    assert sorted(entry.name for entry in (cache / "models").iterdir()) == [folder.name, f"{folder.name}.lock"]


def _shorten(folder: Path) -> None:
    os.truncate(folder / "model.safetensors", 3)


def _overwrite_with_the_same_size(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"WEIGHTS")


def _remove_a_file(folder: Path) -> None:
    (folder / "config.json").unlink()


def _remove_the_marker(folder: Path) -> None:
    (folder / "converted.json").unlink()


def _garble_the_marker(folder: Path) -> None:
    (folder / "converted.json").write_text("[1, 2]")


def _make_by_an_older_conversion(folder: Path) -> None:
    marker = json.loads((folder / "converted.json").read_text())
    (folder / "converted.json").write_text(json.dumps(marker | {"conversion": 0}))


@pytest.mark.parametrize(
    "damage",
    [
        _shorten,
        _overwrite_with_the_same_size,
        _remove_a_file,
        _remove_the_marker,
        _garble_the_marker,
        _make_by_an_older_conversion,
    ],
)
def test_a_damaged_folder_is_made_again(conversion: FakeConversion, damage: Callable[[Path], None]) -> None:
    folder = ensure_model(QUIET)
    damage(folder)
    assert not is_whole(folder)

    assert is_whole(ensure_model(QUIET))
    assert conversion.runs == 2


def test_what_a_killed_conversion_left_behind_is_removed(conversion: FakeConversion, cache: Path) -> None:
    leftover = cache / "models" / f".{model_folder().name}-abc" / "model"
    leftover.mkdir(parents=True)

    ensure_model(QUIET)

    assert not leftover.parent.exists()


def test_starts_at_the_same_time_convert_once(conversion: FakeConversion) -> None:
    together = threading.Barrier(4, timeout=20)

    def start() -> Path:
        together.wait()
        return ensure_model(QUIET)

    with ThreadPoolExecutor(4) as pool:
        folders = [future.result(timeout=20) for future in [pool.submit(start) for _ in range(4)]]

    assert folders == [model_folder()] * 4
    assert conversion.runs == 1


def test_weights_other_than_the_known_ones_are_refused_and_not_kept(conversion: FakeConversion) -> None:
    conversion.weights = b"others"

    with pytest.raises(EmbeddedModelError, match="not the pinned versions"):
        ensure_model(QUIET)

    assert not model_folder().exists()


def test_a_missing_distribution_is_named_with_the_remedy(
    conversion: FakeConversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DISTRIBUTION", "no-such-distribution")

    with pytest.raises(EmbeddedModelError, match=r"no-such-distribution.*is not installed.*make serve"):
        ensure_model(QUIET)


def test_a_changed_model_file_is_refused_and_named(
    conversion: FakeConversion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "site" / "other_model-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-model\nVersion: 1.0\n")
    (info / "RECORD").write_text("changed.gguf,,\n")
    (tmp_path / "site" / "changed.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(embedded, "DISTRIBUTION", "other-model")

    with pytest.raises(EmbeddedModelError, match=r"changed\.gguf is not the file it should be"):
        ensure_model(QUIET)


def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(conversion: FakeConversion, cache: Path) -> None:
    cache.write_text("a file where the folder should be")

    with pytest.raises(EmbeddedModelError, match=r"cache/models/.*DUALTUNE_CACHE_DIR"):
        ensure_model(QUIET)


def test_a_failing_conversion_is_reported_in_one_line(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedModelError, match="could not be converted") as raised:
        embedded._run_apart(tmp_path / "absent.gguf", tmp_path / "out")

    assert "\n" not in str(raised.value)


def _install(site: Path, name: str) -> None:
    info = site / f"{name}-0.32.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.32.0\n")


@pytest.mark.parametrize(
    ("cuda_build", "nvidia_smi", "model"),
    [
        (True, "echo 'GPU 0: NVIDIA H200'", "Qwen/Qwen2.5-7B-Instruct"),
        (True, "exit 9", "SmolLM2-135M-Instruct"),
        (True, "true", "SmolLM2-135M-Instruct"),
        (True, None, "SmolLM2-135M-Instruct"),
        (False, "echo 'GPU 0: NVIDIA H200'", "SmolLM2-135M-Instruct"),
    ],
)
def test_the_default_model_needs_both_the_cuda_build_and_a_gpu_to_be_the_large_one(
    cuda_build: bool, nvidia_smi: str | None, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if nvidia_smi:
        (programs / "nvidia-smi").write_text(f"#!/bin/sh\n{nvidia_smi}\n")
        (programs / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    if cuda_build:
        _install(tmp_path / "site", "vllm")
        monkeypatch.syspath_prepend(tmp_path / "site")
    else:
        monkeypatch.setattr(metadata, "version", _nothing_installed)

    assert default_model() == model


def _nothing_installed(name: str) -> str:
    raise metadata.PackageNotFoundError(name)


def test_the_checkpoint_stops_at_the_end_of_a_message_and_is_found_without_converting(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_prepare", None)

    assert ensure_model(QUIET) == model_dir

    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    generation = json.loads((model_dir / "generation_config.json").read_text())
    assert generation["eos_token_id"] == tokenizer.token_to_id("<|im_end|>")


def test_digits_are_tokens_of_their_own_and_leave_the_white_space_before_them_whole(model_dir: Path) -> None:
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))

    encoded = tokenizer.encode("x:\n    2026")

    assert encoded.tokens == ["x", ":", "ĊĠĠĠĠ", "2", "0", "2", "6"]
    assert tokenizer.decode(encoded.ids) == "x:\n    2026"
