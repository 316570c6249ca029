"""A toolset by the name that a command was given."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolsets import Registry, Toolset
from toolsets.manifest import Manifest
from training.errors import TrainingError


def find_toolset(name: str, folders: Iterable[Path]) -> tuple[Toolset, Manifest]:
    """Raises TrainingError where there is none of this name, or what is there is broken."""
    registry = Registry.load(*folders)
    if name not in registry.toolsets:
        broken = [problem.message for problem in registry.problems if problem.folder.name == name]
        known = ", ".join(sorted(registry.toolsets)) or "none"
        raise TrainingError(broken[0] if broken else f"there is no toolset {name!r}; there are: {known}", "toolset")
    return registry.toolsets[name], registry.manifests[name]
