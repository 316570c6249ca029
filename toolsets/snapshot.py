"""Taking `tools.json` from a running server, and what is different from the one before."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from toolsets.manifest import SNAPSHOT, Manifest, Snapshot, SnapshotTool, first_problem
from toolsets.model import Tool, ToolsetError
from toolsets.schema import prune_definitions


@dataclass(frozen=True)
class Changes:
    """How a toolset differs from an earlier snapshot of it, in names of tools.

    `changed` accept other arguments than before; `reworded` accept the same and only read differently, in the prompt
    of a tool that has no adapter. `unlisted` are new on the server and not among the toolset's tools.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    reworded: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()

    @property
    def stale_arguments(self) -> tuple[str, ...]:
        """The tools whose argument adapters were trained for what is no longer so."""
        return tuple(sorted((*self.removed, *self.changed)))

    @property
    def stale_selector(self) -> bool:
        """Whether the toolset's selector was trained for other tools."""
        return bool(self.added or self.removed or self.changed)


def take_snapshot(manifest: Manifest, offered: Iterable[Tool]) -> Snapshot:
    """The snapshot of the tools a server offers, cut down to the manifest's selection.

    Raises ToolsetError when a selected tool is not offered, or when one cannot be called through the OpenAI API.
    """
    by_name = {tool.name: tool for tool in offered}
    names = tuple(by_name) if manifest.tools is None else manifest.tools.names
    missing = [name for name in names if name not in by_name]
    if missing:
        remedy = "correct the names under [tools] in toolset.toml"
        raise ToolsetError(f"the {manifest.name} server has no tool {', '.join(missing)}; {remedy}", "tools.names")
    tools = tuple(_snapshot_tool(manifest.name, by_name[name]) for name in names)
    left_out = tuple(sorted(by_name.keys() - set(names)))
    draft = Snapshot(digest="", tools=tools, left_out=left_out)
    digest = draft.toolset(manifest.name, manifest.description).digest
    return draft.model_copy(update={"digest": digest})


def compare(before: Snapshot, after: Snapshot) -> Changes:
    """What is different in `after`."""
    old, new = ({tool.name: tool for tool in snapshot.toolset("", "").tools} for snapshot in (before, after))
    both = sorted(old.keys() & new.keys())
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(name for name in both if old[name].digest != new[name].digest),
        reworded=tuple(name for name in both if old[name].digest == new[name].digest and old[name] != new[name]),
        unlisted=tuple(sorted(set(after.left_out) - set(before.left_out) - old.keys())),
    )


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write `tools.json`, whole or not at all."""
    write_file(folder / SNAPSHOT, json.dumps(snapshot.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")


def write_file(path: Path, text: str) -> None:
    """Replace the file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _snapshot_tool(toolset: str, tool: Tool) -> SnapshotTool:
    try:
        checked = SnapshotTool(name=tool.name, description=tool.description, inputSchema=dict(tool.parameters))
    except ValidationError as error:
        field, problem = first_problem(error)
        raise ToolsetError(f"{toolset}: tool {tool.name!r}: {field}: {problem}", field) from None
    return checked.model_copy(update={"inputSchema": prune_definitions(checked.inputSchema)})
