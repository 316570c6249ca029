"""The adapters of one base model on disk, and which of them are loaded."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from adapters.adapter import Adapter
from adapters.base_model import BaseModel, folder_name
from adapters.check import FILES, check_adapter
from adapters.errors import AdapterError, shown
from adapters.manifest import MANIFEST, Role, read_manifest


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the adapter in a folder was left out."""

    folder: Path
    message: str


class Store:
    """The adapters under `root/<base model>/`, where an adapter's name is its path:

        router/                       <toolset>/selector/
        <toolset>/traditional/        <toolset>/arguments/<tool>/
        <toolset>/summary/

    What is on disk is in `available` as of the last `discover`; what the engine has is in `loaded`. Folders whose
    names begin with a dot are passed over. For one thread, but for `check`, `is_unchanged` and `find`, which change
    nothing.
    """

    def __init__(self, root: Path, base: BaseModel, *, max_rank: int, prompt_format: int) -> None:
        self._root = root
        self._base = base
        self._max_rank = max_rank
        self._prompt_format = prompt_format
        self._available: dict[str, Adapter] = {}
        self._loaded: dict[str, Adapter] = {}
        self.problems: tuple[Problem, ...] = ()

    @property
    def available(self) -> Mapping[str, Adapter]:
        return MappingProxyType(self._available)

    @property
    def loaded(self) -> Mapping[str, Adapter]:
        return MappingProxyType(self._loaded)

    def discover(self) -> None:
        """Check every adapter on disk, filling `available` with the good ones and `problems` with the rest."""
        available: dict[str, Adapter] = {}
        problems: list[Problem] = []
        if not self._root.is_dir():
            problems.append(Problem(self._root, "there is no such folder; make it or name another"))
        for name, folder in self._folders().items():
            try:
                available[name] = self._check(name, folder)
            except AdapterError as error:
                problems.append(Problem(folder, error.message))
        self._available, self.problems = available, tuple(problems)

    def check(self, name: str) -> Adapter:
        """Read and check the adapter named `name` as it is on disk now; `add` then marks it loaded.

        `name` may come from a request: it is looked up among the folders that there are. Raises AdapterError.
        """
        folder = self._folders().get(name)
        if folder is None:
            raise AdapterError(f"there is no adapter {shown(name)} for {self._base.name} in the store", "name")
        return self._check(name, folder)

    def is_unchanged(self, adapter: Adapter) -> bool:
        """Whether the files on disk are still those that `adapter` was made of. Safe in a thread, as `check` is."""
        try:
            return self.check(adapter.name) == adapter
        except AdapterError:
            return False

    def add(self, adapter: Adapter) -> None:
        """Mark a checked adapter as loaded, in the place of one of the same name."""
        self._available[adapter.name] = self._loaded[adapter.name] = adapter

    def load(self, name: str) -> Adapter:
        """`check` and `add` in one. Raises AdapterError, and then what was loaded stays so."""
        adapter = self.check(name)
        self.add(adapter)
        return adapter

    def unload(self, name: str) -> None:
        """Forget a loaded adapter. Raises AdapterError when none of that name is loaded."""
        if self._loaded.pop(name, None) is None:
            raise AdapterError(f"no adapter {shown(name)} is loaded", "name")

    def find(
        self, role: Role, toolset: str | None, tool: str | None = None, tools_digest: str | None = None
    ) -> Adapter | None:
        """The loaded adapter for a stage; with `tools_digest`, only one that was trained for just these tools."""
        adapter = self._find(role, toolset, tool)
        stale = adapter is not None and tools_digest not in (None, adapter.manifest.tools_digest)
        return None if stale else adapter

    def stale(self, role: Role, toolset: str | None, tool: str | None, tools_digest: str) -> Adapter | None:
        """The loaded adapter that `find` passes over because it was trained for other tools or another schema."""
        adapter = self._find(role, toolset, tool)
        return adapter if adapter is not None and adapter.manifest.tools_digest != tools_digest else None

    def _find(self, role: Role, toolset: str | None, tool: str | None) -> Adapter | None:
        for adapter in tuple(self._loaded.values()):
            manifest = adapter.manifest
            if (manifest.role, manifest.toolset, manifest.tool) == (role, toolset, tool):
                return adapter
        return None

    def _folders(self) -> dict[str, Path]:
        """The folders that hold any file of an adapter, by their path below the base model's folder."""
        below = self._root / folder_name(self._base.name)
        found = {
            path.parent
            for depth in ("[!.]*", "[!.]*/[!.]*", "[!.]*/[!.]*/[!.]*")
            for file in FILES
            for path in below.glob(f"{depth}/{file}")
        }
        return {folder.relative_to(below).as_posix(): folder for folder in sorted(found)}

    def _check(self, name: str, folder: Path) -> Adapter:
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise AdapterError("the folder is a link to outside the store; copy the adapter itself", "folder")
        adapter = check_adapter(folder, self._base, max_rank=self._max_rank, prompt_format=self._prompt_format)
        if adapter.name != name:
            raise AdapterError(
                f"{MANIFEST}: this is the adapter {adapter.name}, but it lies in the place of {shown(name)}; "
                "move it to its own place",
                MANIFEST,
            )
        return adapter


def install(folder: Path, root: Path, base: BaseModel) -> Path:
    """Copy a trained adapter to its place in the store at `root`, in the place of one that is there.

    The place holds the old adapter or the new one; killed between two renames, neither, and then install it again.
    Raises AdapterError when the adapter is broken or not for `base`, OSError when it cannot be written. What depends
    on a server, its limit of the rank and its prompt format, is left for the server to check.
    """
    manifest = read_manifest(folder)
    check_adapter(folder, base, max_rank=sys.maxsize, prompt_format=manifest.prompt_format)
    place = root / folder_name(base.name) / manifest.name
    place.parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(4)
    incoming, outgoing = (place.with_name(f".{place.name}.{mark}.{word}") for word in ("new", "old"))
    try:
        incoming.mkdir()
        for name in FILES:
            shutil.copyfile(folder / name, incoming / name)
        if place.exists():
            place.replace(outgoing)
        incoming.replace(place)
    finally:
        if outgoing.exists() and not place.exists():
            outgoing.replace(place)
        shutil.rmtree(incoming, ignore_errors=True)
        shutil.rmtree(outgoing, ignore_errors=True)
    return place
