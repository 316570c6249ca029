"""A toolset for any MCP server, from the command that starts it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolsets.manifest import MANIFEST, Manifest, Snapshot, validated
from toolsets.model import ToolsetError
from toolsets.snapshot import write_snapshot


def draft_manifest(
    name: str,
    command: Sequence[str],
    *,
    url: str | None = None,
    description: str = "",
    headers: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    network: bool = False,
    read: Sequence[Path] = (),
) -> Manifest:
    """The manifest of a server started by `command`, or found at `url`. Raises ToolsetError naming what is wrong.

    Words of the command that name files here are made absolute, since the server starts elsewhere, and may be read in
    the sandbox, with the folder they are in. Where `{root}` stands in the command, the server may write to the
    workspace.
    """
    words = [_absolute(word) for word in command]
    if words and shutil.which(words[0]) is None:
        raise ToolsetError(f"the program {words[0]!r} was not found; install it or give its path", "command")
    needed = {str(path.absolute()) for path in read}
    needed |= {str(_with_what_is_beside(Path(word))) for word in words[1:] if word[:1] == "/"}
    server: dict[str, Any] = {"command": words} if words else {"url": url, "headers": dict(headers or {})}
    sandbox: dict[str, Any] = {"network": network, "read": sorted(needed)}
    if any("{root}" in word for word in words):
        sandbox["root"] = "write"
    data = {
        "name": name,
        "description": description or f"The tools of the {name} server.",
        "server": {**server, "secrets": list(secrets)},
        "sandbox": sandbox,
    }
    return validated(Manifest, data, name)


def write_toolset(folder: Path, manifest: Manifest, snapshot: Snapshot) -> None:
    """Make a toolset's folder with both its files, whole or not at all. Raises ToolsetError when it is there."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        temporary.mkdir()
        (temporary / MANIFEST).write_text(to_toml(manifest), encoding="utf-8")
        write_snapshot(temporary, snapshot)
        if folder.exists():
            raise ToolsetError(f"{folder} is there already; remove it first, or choose another name", "name")
        temporary.rename(folder)
    except OSError as error:
        raise ToolsetError(f"{folder} cannot be written: {error.strerror}", "folder") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def to_toml(manifest: Manifest) -> str:
    """The manifest as TOML, with what was set and nothing else."""
    data = manifest.model_dump(mode="json", exclude_defaults=True)
    tables = {key: value for key, value in data.items() if isinstance(value, dict)}
    lines = [f"{key} = {_value(value)}" for key, value in data.items() if key not in tables]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # Strings, numbers and booleans are written alike in JSON and in TOML.
    return json.dumps(value, ensure_ascii=False)


def _with_what_is_beside(path: Path) -> Path:
    """The folder of a server's file, which imports its neighbours; but not all of the user's files, nor all of /tmp."""
    kept_out = (Path.home(), *Path.home().parents, Path(tempfile.gettempdir()))
    return path if path.is_dir() or path.parent in kept_out else path.parent


def _absolute(word: str) -> str:
    looks_like_path = "/" in word or "." in word
    return str(Path(word).absolute()) if looks_like_path and Path(word).exists() else word
