"""From settings to parts: what is found, what is left out, and what keeps a server from starting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.numpy import save_file

from adapters import AdapterError, Role, Store
from adapters.store import Problem
from server import assembly
from server.assembly import assemble, find_local_model, find_model, load_template
from server.cli import CommandError
from server.embedded import EMBEDDED_MODEL, EmbeddedModelError
from server.engine.base import EngineUnavailable
from server.settings import Settings
from tests.server.toy import adapter, prompts, tokenizer


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint in a folder: a tokenizer with a chat template, and one layer."""
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "toy-model"
    tokenizer("chatml").save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}))
    save_file({"model.layers.0.self_attn.q_proj.weight": np.zeros((4, 4), np.float32)}, folder / "model.safetensors")
    return folder


def settings_for(model: Path | str, **more: Any) -> Settings:
    return Settings(model=str(model), **more)


def test_a_model_in_a_folder_is_called_as_its_folder(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model.parent)
    named = ("toy-model", str(model))
    for wanted in (str(model), f"{model}/", "toy-model", "./toy-model", "cache/../toy-model"):
        (model.parent / "cache").mkdir(exist_ok=True)
        assert find_model(settings_for(wanted)) == find_local_model(settings_for(wanted)) == named


@pytest.mark.parametrize("path", ["/nowhere", "./nowhere", "~/nowhere", "../nowhere"])
def test_a_folder_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(CommandError, match=f"^--model {path}: there is no such folder$"):
        find_model(settings_for(path))


def test_the_embedded_model_is_the_default_of_a_machine_without_a_gpu(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "default_model", lambda: EMBEDDED_MODEL)
    monkeypatch.setattr(assembly, "ensure_model", lambda: model)
    assert find_model(Settings()) == (EMBEDDED_MODEL, str(model))


def test_an_embedded_model_that_cannot_be_prepared_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Path:
        raise EmbeddedModelError("it is not installed")

    monkeypatch.setattr(assembly, "ensure_model", broken)
    with pytest.raises(CommandError, match=r"^it is not installed$"):
        find_model(settings_for(EMBEDDED_MODEL))


def test_a_model_of_the_hub_is_fetched_without_code_or_pickles(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def fetch(name: str, **options: Any) -> str:
        asked.append({"name": name, **options})
        return str(model)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert find_model(settings_for("some/model")) == find_local_model(settings_for("some/model"))
    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    assert asked == [
        {"name": "some/model", "allow_patterns": patterns, "local_files_only": offline} for offline in (False, True)
    ]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (LocalEntryNotFoundError("no network\nsecond line"), "it is not on this machine and cannot be fetched: "),
        (OSError("no space"), "it is not on this machine and cannot be fetched: no space"),
    ],
)
def test_a_model_that_cannot_be_fetched_is_told_in_one_line(
    failure: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, **options: Any) -> str:
        raise failure

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(CommandError) as caught:
        find_model(settings_for("some/model"))
    assert str(caught.value).startswith(f"--model some/model: {reason}")
    assert "\n" not in str(caught.value)


def test_what_is_neither_a_folder_nor_an_id_is_told() -> None:
    with pytest.raises(CommandError, match=r"^--model a/b/c: neither a folder nor the id of a model on the hub$"):
        find_model(settings_for("a/b/c"))


def test_a_model_without_a_chat_template_is_refused(model: Path) -> None:
    (model / "chat_template.jinja").unlink()
    with pytest.raises(CommandError, match=r"its tokenizer cannot be loaded: .* has no chat template"):
        load_template(str(model))


def test_a_model_without_a_tokenizer_is_refused(model: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (model / name).unlink()
    with pytest.raises(CommandError, match=f"^--model {model}: its tokenizer cannot be loaded: "):
        load_template(str(model))


def test_a_model_without_weights_is_refused(model: Path) -> None:
    (model / "model.safetensors").unlink()
    with pytest.raises(CommandError, match=r"^--model toy-model: "):
        assemble(settings_for(model, adapters=model.parent))


class Discovered(Store):
    """A store that has found two good adapters, one whose invocation is foreign, and a broken one."""

    def discover(self) -> None:
        good = adapter(Role.SELECTOR, "files", invocation_tokens=prompts().invocation_ids)
        foreign = adapter(Role.TRADITIONAL, "files", invocation_tokens=(1, 2))
        plain = adapter(Role.ROUTER)
        self._available = {item.name: item for item in (good, foreign, plain)}
        self.problems = (Problem(Path("/store/broken"), "its rank is too high"),)


def test_the_parts_are_put_together_and_what_was_left_out_is_told(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "Store", Discovered)
    parts = assemble(settings_for(model, adapters=model.parent, toolsets=[model.parent / "none"]))
    assert (parts.name, sorted(parts.store.loaded)) == ("toy-model", ["files/selector", "router"])
    assert parts.registry.toolsets == {}
    ids = list(prompts().invocation_ids)
    assert parts.problems == (
        f"{model.parent}/none: {model.parent}/none is not a folder",
        "/store/broken: its rank is too high",
        f"adapter files/traditional: its invocation tokens [1, 2] are not those of this model's prompts, {ids}; "
        "train it again",
    )
    with pytest.raises(EngineUnavailable, match="loading the model"):
        _ = parts.engine.model


def test_an_adapter_that_the_engine_refuses_is_unloaded_from_the_store(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "Store", Discovered)
    parts = assemble(settings_for(model, adapters=model.parent))
    parts.engine._on_lost("router")
    assert sorted(parts.store.loaded) == ["files/selector"]
    with pytest.raises(AdapterError):
        parts.engine._on_lost("router")
