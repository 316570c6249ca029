"""What the tests of training share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.world import tiny_llama, write_checkpoint


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
