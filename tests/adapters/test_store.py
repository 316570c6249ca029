"""The store finds the good adapters of its base model, names the bad ones, and knows which are loaded."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters import Adapter, AdapterError, BaseModel, Problem, Role, Store

SELECTOR = "filesystem/selector"
READ_FILE = "filesystem/arguments/read_file"

MakeAdapter = Callable[..., Path]


def place(name: str) -> str:
    return f"store/tiny-llama/{name}"


@pytest.fixture
def make_selector(make_adapter: MakeAdapter) -> MakeAdapter:
    def make(**members: Any) -> Path:
        return make_adapter(place(SELECTOR), **members)

    return make


@pytest.fixture
def make_read_file(make_adapter: MakeAdapter) -> MakeAdapter:
    def make(**members: Any) -> Path:
        return make_adapter(place(READ_FILE), role=Role.ARGUMENTS, tool="read_file", **members)

    return make


def change(folder: Path, **members: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | members))


def refused(call: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(AdapterError) as refusal:
        call(*arguments)
    return refusal.value.message


def test_every_adapter_of_the_layout_is_discovered(
    store: Store, make_adapter: MakeAdapter, make_selector: MakeAdapter, make_read_file: MakeAdapter
) -> None:
    folders = {
        SELECTOR: make_selector(),
        READ_FILE: make_read_file(),
        "filesystem/traditional": make_adapter(place("filesystem/traditional"), role=Role.TRADITIONAL),
        "router": make_adapter(place("router"), role=Role.ROUTER, toolset=None, toolsets=("filesystem",)),
    }
    store.discover()
    assert {name: adapter.path for name, adapter in store.available.items()} == folders
    assert (store.problems, dict(store.loaded)) == ((), {})


def test_broken_adapters_are_named_and_the_rest_is_served(
    store: Store, make_adapter: MakeAdapter, make_selector: MakeAdapter, tmp_path: Path
) -> None:
    make_selector()
    truncated, foreign = make_adapter(place("git/selector"), toolset="git"), make_adapter(place("time/selector"))
    bare = make_adapter(place("notion/selector"), toolset="notion")
    weights = truncated / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    change(foreign, toolset="time", prompt_format=99)
    (bare / "manifest.json").unlink()
    store.discover()
    assert list(store.available) == [SELECTOR]
    assert store.problems == (
        Problem(
            truncated,
            "adapter_model.safetensors is not a whole safetensors file (Error while deserializing header: "
            "invalid header length); train the adapter again or copy it again",
        ),
        Problem(bare, "manifest.json is missing; train the adapter again or copy it again"),
        Problem(
            foreign,
            "manifest.json: prompt_format: trained with prompt format 99, but this server writes format 3; "
            "train the adapter again",
        ),
    )


def test_a_later_discovery_sees_what_was_added_mended_and_taken_away(
    store: Store, make_selector: MakeAdapter, make_read_file: MakeAdapter
) -> None:
    selector = make_selector(prompt_format=99)
    store.discover()
    assert (list(store.available), len(store.problems)) == ([], 1)
    change(selector, prompt_format=3)
    read_file = make_read_file()
    store.discover()
    assert (list(store.available), store.problems) == ([READ_FILE, SELECTOR], ())
    shutil.rmtree(read_file)
    store.discover()
    assert (list(store.available), store.problems) == ([SELECTOR], ())


def test_adapters_of_other_base_models_are_not_looked_at(store: Store, make_adapter: MakeAdapter) -> None:
    make_adapter("store/other-model/filesystem/selector")
    store.discover()
    assert (dict(store.available), store.problems) == ({}, ())


def test_a_folder_that_is_being_installed_is_passed_over(store: Store, make_adapter: MakeAdapter) -> None:
    make_adapter(place("filesystem/.selector.1234.new"))
    store.discover()
    assert (dict(store.available), store.problems) == ({}, ())


def test_a_store_that_is_not_there_is_a_problem(base: BaseModel, tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere", base, max_rank=8, prompt_format=3)
    store.discover()
    assert store.problems == (Problem(tmp_path / "nowhere", "there is no such folder; make it or name another"),)


def test_an_adapter_in_the_place_of_another_is_a_problem(store: Store, make_adapter: MakeAdapter) -> None:
    folder = make_adapter(place("git/selector"))
    store.discover()
    assert (dict(store.available), store.problems) == (
        {},
        (
            Problem(
                folder,
                "manifest.json: this is the adapter filesystem/selector, but it lies in the place of 'git/selector'; "
                "move it to its own place",
            ),
        ),
    )


@pytest.mark.parametrize("linked", [SELECTOR, "filesystem"])
def test_a_link_that_leaves_the_store_is_a_problem(
    linked: str, store: Store, root: Path, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    make_adapter(f"elsewhere/{SELECTOR}")
    link = root / "tiny-llama" / linked
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere" / linked)
    store.discover()
    assert (dict(store.available), store.problems) == (
        {},
        (
            Problem(
                root / "tiny-llama" / SELECTOR,
                "the folder is a link to outside the store; copy the adapter itself",
            ),
        ),
    )


def test_the_store_itself_may_be_reached_by_a_link(base: BaseModel, make_selector: MakeAdapter, tmp_path: Path) -> None:
    folder = make_selector()
    (tmp_path / "link").symlink_to("store")
    store = Store(tmp_path / "link", base, max_rank=8, prompt_format=3)
    assert store.load(SELECTOR).path == folder


def test_a_loaded_adapter_is_found_for_its_stage_alone(
    store: Store, make_adapter: MakeAdapter, make_selector: MakeAdapter, make_read_file: MakeAdapter
) -> None:
    make_selector()
    make_read_file()
    make_adapter(place("router"), role=Role.ROUTER, toolset=None, toolsets=("filesystem",))
    store.discover()
    assert store.find(Role.SELECTOR, "filesystem") is None, "nothing is loaded yet"
    loaded = {name: store.load(name) for name in (SELECTOR, READ_FILE, "router")}
    assert loaded == dict(store.loaded) == dict(store.available)
    assert store.find(Role.SELECTOR, "filesystem") == loaded[SELECTOR]
    assert store.find(Role.ARGUMENTS, "filesystem", "read_file") == loaded[READ_FILE]
    assert store.find(Role.ROUTER, None) == loaded["router"]
    assert store.find(Role.ARGUMENTS, "filesystem", "write_file") is None
    assert store.find(Role.TRADITIONAL, "filesystem") is None
    assert store.find(Role.SELECTOR, "git") is None
    assert store.find(Role.ROUTER, "filesystem") is None


def test_an_adapter_trained_for_another_schema_is_stale(store: Store, make_read_file: MakeAdapter) -> None:
    make_read_file(tools_digest="as trained")
    adapter = store.load(READ_FILE)

    def ask(digest: str) -> tuple[Adapter | None, Adapter | None]:
        names = (Role.ARGUMENTS, "filesystem", "read_file", digest)
        return store.find(*names), store.stale(*names)

    assert ask("as trained") == (adapter, None)
    assert ask("as changed") == (None, adapter)
    assert store.stale(Role.ARGUMENTS, "filesystem", "write_file", "as changed") is None


def test_an_adapter_that_appeared_after_the_discovery_is_loaded(store: Store, make_selector: MakeAdapter) -> None:
    store.discover()
    make_selector()
    adapter = store.load(SELECTOR)
    assert dict(store.loaded) == dict(store.available) == {SELECTOR: adapter}


def test_an_adapter_loaded_again_has_the_version_that_is_on_disk(store: Store, make_selector: MakeAdapter) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_selector()
    old = store.load(SELECTOR)
    assert store.is_unchanged(old)
    weights = folder / "adapter_model.safetensors"
    save_file({key: tensor * 2 for key, tensor in load_file(weights).items()}, weights)
    assert refused(store.load, SELECTOR) == (
        "adapter_model.safetensors is not the file that manifest.json was written for; "
        "train the adapter again or copy it again"
    )
    assert dict(store.loaded) == {SELECTOR: old}, "what could not be loaded leaves the old one in place"
    assert not store.is_unchanged(old)
    change(folder, weights_digest=hashlib.sha256(weights.read_bytes()).hexdigest())
    new = store.load(SELECTOR)
    assert new.version != old.version
    assert (store.is_unchanged(new), store.is_unchanged(old)) == (True, False)
    assert dict(store.loaded) == {SELECTOR: new}


def test_an_adapter_is_unloaded_once(store: Store, make_selector: MakeAdapter) -> None:
    make_selector()
    adapter = store.load(SELECTOR)
    store.unload(SELECTOR)
    assert (dict(store.loaded), dict(store.available)) == ({}, {SELECTOR: adapter})
    assert store.find(Role.SELECTOR, "filesystem") is None
    assert refused(store.unload, SELECTOR) == "no adapter 'filesystem/selector' is loaded"


async def test_a_check_in_a_thread_marks_nothing(store: Store, make_selector: MakeAdapter) -> None:
    make_selector()
    adapter = await asyncio.to_thread(store.check, SELECTOR)
    assert (dict(store.loaded), dict(store.available)) == ({}, {})
    store.add(adapter)
    assert store.find(Role.SELECTOR, "filesystem") == adapter


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "filesystem",
        "filesystem/selector/",
        "./filesystem/selector",
        "filesystem//selector",
        "filesystem/../filesystem/selector",
        "../tiny-llama/filesystem/selector",
        "../other-model/filesystem/selector",
        "filesystem/selector\0",
        "filesystem/*",
    ],
)
def test_a_name_is_looked_up_and_never_walked(
    name: str, store: Store, make_adapter: MakeAdapter, make_selector: MakeAdapter
) -> None:
    make_selector()
    make_adapter("store/other-model/filesystem/selector")
    store.discover()
    assert refused(store.load, name) == f"there is no adapter {name!r} for tiny-llama in the store"
    absolute = str(store.available[SELECTOR].path)
    assert refused(store.load, absolute).startswith("there is no adapter '/")
