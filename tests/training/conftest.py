"""What the tests of training share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.toy import FILES
from tests.training.command_line import write_toolset
from tests.training.world import files_demonstrations, tiny_llama, write_checkpoint
from training.trajectory import write_demonstrations


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """More wait for each other longer than they compute, on models this small."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where digests are remembered: a folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base model with a tokenizer, named tiny-llama."""
    return write_checkpoint(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
def base() -> Any:
    """A tiny base model, frozen, with the attention that goes over prefixes."""
    from training import attention

    attention.register()
    model = tiny_llama()
    model.requires_grad_(False)
    model.set_attn_implementation(attention.NAME)
    return model


@pytest.fixture
def workplace(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with trajectories, a toolset and an empty store, all named by the environment."""
    write_demonstrations(tmp_path / "t.jsonl", files_demonstrations(12))
    write_toolset(tmp_path / "toolsets", FILES)
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("DUALTUNE_MODEL", str(checkpoint))
    monkeypatch.setenv("DUALTUNE_TOOLSETS", json.dumps([str(tmp_path / "toolsets")]))
    monkeypatch.setenv("DUALTUNE_ADAPTERS", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
