"""An adapter is installed whole, in the place that its manifest says, or what was there stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters import AdapterError, BaseModel, BaseModelId, Role, Store, install

SELECTOR = "filesystem/selector"
READ_FILE = "filesystem/arguments/read_file"

MakeAdapter = Callable[..., Path]


def test_an_installed_adapter_is_found_in_its_place(
    store: Store, root: Path, base: BaseModel, make_adapter: MakeAdapter
) -> None:
    trained = make_adapter("trained", role=Role.ARGUMENTS, tool="read_file")
    (trained / "notes.txt").touch()
    folder = install(trained, root, base)
    assert folder == root / "tiny-llama" / READ_FILE
    assert store.load(READ_FILE).path == folder
    contents = ["adapter_config.json", "adapter_model.safetensors", "manifest.json"]
    assert sorted(file.name for file in folder.iterdir()) == contents
    assert [file.name for file in folder.parent.iterdir()] == ["read_file"]


def test_an_installed_adapter_replaces_the_one_before(
    store: Store, root: Path, base: BaseModel, make_adapter: MakeAdapter
) -> None:
    install(make_adapter("old", training={"seed": 1}), root, base)
    folder = install(make_adapter("new", training={"seed": 2}), root, base)
    assert store.load(SELECTOR).manifest.training == {"seed": 2}
    assert [file.name for file in folder.parent.iterdir()] == ["selector"]


def test_an_installed_adapter_can_be_read_by_others(root: Path, base: BaseModel, make_adapter: MakeAdapter) -> None:
    before = os.umask(0o022)
    try:
        folder = install(make_adapter("trained"), root, base)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_broken_adapter_is_not_installed(
    store: Store, root: Path, base: BaseModel, make_adapter: MakeAdapter
) -> None:
    install(make_adapter("good"), root, base)
    truncated = make_adapter("truncated")
    foreign = make_adapter("foreign", base_model=BaseModelId(name="other", digest="0"))
    weights = truncated / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    for broken in (truncated, foreign):
        with pytest.raises(AdapterError):
            install(broken, root, base)
    store.discover()
    assert (list(store.available), store.problems) == ([SELECTOR], ())


def test_an_installation_that_fails_halfway_leaves_the_adapter_that_was_there(
    store: Store, root: Path, base: BaseModel, make_adapter: MakeAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(make_adapter("old", training={"seed": 1}), root, base)
    new = make_adapter("new", training={"seed": 2})
    replace = Path.replace

    def full_disk(source: Path, target: Path) -> Path:
        if target == folder and source.name.endswith(".new"):
            raise OSError("no space left on the device")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        install(new, root, base)
    assert store.load(SELECTOR).manifest.training == {"seed": 1}
    assert [file.name for file in folder.parent.iterdir()] == ["selector"]
