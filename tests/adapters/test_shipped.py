"""The adapters that come with the project: whole, small, and for the tools that come with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from adapters import Manifest, Role, read_manifest
from server.prompt import PROMPT_FORMAT
from server.settings import PACKAGED_ADAPTERS
from toolsets import Registry
from toolsets.registry import PACKAGED
from training.examples import Target
from training.product import tools_digest

MAX_BYTES = 32 * 2**20
FOLDERS = sorted(path.parent for path in PACKAGED_ADAPTERS.rglob("manifest.json"))


def named(folder: Path) -> str:
    return folder.relative_to(PACKAGED_ADAPTERS).as_posix()


def test_they_are_small_enough_to_be_shipped() -> None:
    assert FOLDERS
    assert sum(file.stat().st_size for folder in FOLDERS for file in folder.iterdir()) <= MAX_BYTES


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_each_is_what_its_manifest_says_and_fits_the_shipped_tools(folder: Path) -> None:
    manifest: Manifest = read_manifest(folder)
    weights = (folder / "adapter_model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == manifest.weights_digest
    assert manifest.prompt_format == PROMPT_FORMAT
    assert manifest.metrics
    toolsets = Registry.load(PACKAGED).toolsets
    if manifest.role is not Role.ROUTER:
        target = Target(manifest.role, manifest.toolset, manifest.tool)
        assert manifest.tools_digest == tools_digest(target, toolsets)
        assert folder.as_posix().endswith(f"/{target.name}")
