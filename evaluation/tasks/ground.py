"""A task's workspace on disk, and the server that works on it, in a sandbox.

The model knows the workspace under one path at one time, wherever and whenever it really is, so that the same task
gives the same prompts in every run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any, cast

from evaluation.errors import EvaluationError
from evaluation.tasks.task import Ground, Placed
from evaluation.workspaces import Entry, Shape, Size, Snapshot, Spec, build, diff, snapshot
from toolsets.toolbox import Toolbox
from toolsets.trajectory import Call, Observation
from training.offline.filesystem.disguise import Disguise


@contextmanager
def room() -> Iterator[Path]:
    """A place for a workspace, which is gone afterwards."""
    with TemporaryDirectory(prefix="dualtune-") as folder:
        yield Path(folder).resolve() / "workspace"


def lay_out(ground: Ground, root: Path) -> Snapshot:
    """Write the workspace below `root`. Raises EvaluationError where it is not the one that the task was made for."""
    made = write_out(ground, root)
    verify(ground, fingerprint(made))
    return made


def verify(ground: Ground, made: str) -> None:
    """Raises EvaluationError where the fingerprint of what was made is not the ground's."""
    if made != ground.snapshot:
        problem = f"the workspace {ground.spec} is no longer the one that the task was made for"
        raise EvaluationError(f"{problem}; make the tasks again", "ground")


def write_out(ground: Ground, root: Path) -> Snapshot:
    """Write the workspace below `root`, whatever it is."""
    build(parse_spec(ground.spec)).write(root)
    contents = [_content(placed, root) for placed in ground.placed]
    for path in ground.removed:
        place = root / path
        rmtree(place) if place.is_dir() else place.unlink()
    for placed, content in zip(ground.placed, contents, strict=True):
        place = root / placed.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.mkdir(exist_ok=True)
            continue
        place.write_bytes(content)
        place.chmod(placed.mode)
        if placed.modified is not None:
            os.utime(place, (placed.modified, placed.modified))
    return snapshot(root)


def parse_spec(text: str) -> Spec:
    shape, size, seed = text.split("-")
    return Spec(cast(Shape, shape), cast(Size, size), int(seed))


def fingerprint(made: Snapshot) -> str:
    """SHA-256 of what is where, times and permissions aside: those of files that were put in differ from run to run."""
    state = {path: (entry.kind, entry.sha256, entry.target) for path, entry in made.entries.items()}
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def frozen(ground: Ground, root: Path) -> Ground:
    """`ground` with what makes the generated workspace into the one that is at `root` now."""
    with room() as place:
        generated = build(parse_spec(ground.spec)).write(place)
    now = snapshot(root)
    changes = diff(generated, now)
    gone = [*changes.deleted, *(source for source, _ in changes.moved)]
    new = {*changes.created, *(sink for _, sink in changes.moved)}
    new |= {path for path in changes.changed if now.entries[path].kind == "file"}
    known = {entry.sha256: path for path, entry in generated.entries.items() if entry.kind == "file"}
    return ground.model_copy(
        update={
            "removed": tuple(sorted(topmost(gone))),
            "placed": tuple(_placed(root, path, now.entries[path], known, ground.now) for path in sorted(new)),
            "snapshot": fingerprint(now),
        }
    )


def topmost(paths: Collection[str]) -> Iterator[str]:
    """Those that are below none of the others."""
    return (path for path in paths if not any(path.startswith(f"{other}/") for other in paths))


def disguise(ground: Ground, root: Path | None) -> Disguise:
    """root: where the workspace is, None where there is none."""
    return Disguise(root or Path(ground.root), ground.root, ground.now)


@dataclass(frozen=True)
class DisguisedToolbox(Toolbox):
    """Tools that work on a workspace under the path that the model knows it by."""

    disguise: Disguise

    async def call(self, call: Call, *, seconds: float | None = None) -> Observation:
        sent = replace(call, arguments=translated(call.arguments, self.disguise))
        seen = await super().call(sent, seconds=seconds)
        # The structured form says the same once more, and gives the real path away.
        shown = replace(seen.result, text=self.disguise.seen(seen.tool or "", seen.result.text), structured=None)
        return replace(seen, call=call, result=shown)


def translated(arguments: str, disguise: Disguise) -> str:
    """The JSON text with every path below the shown folder as the server understands it; other text as it is."""
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return json.dumps(_sent(value, disguise), ensure_ascii=False)


def _sent(value: Any, disguise: Disguise) -> Any:
    if isinstance(value, str):
        return disguise.sent(value)
    if isinstance(value, list):
        return [_sent(item, disguise) for item in value]
    if isinstance(value, Mapping):
        return {key: _sent(item, disguise) for key, item in value.items()}
    return value


def _content(placed: Placed, root: Path) -> bytes | None:
    if placed.copy_of is not None:
        return (root / placed.copy_of).read_bytes()
    if placed.text is not None:
        return placed.text.encode()
    return None if placed.base64 is None else base64.b64decode(placed.base64)


def _placed(root: Path, path: str, entry: Entry, known: Mapping[str, str], now: datetime) -> Placed:
    """known: generated files by the SHA-256 of their content."""
    if entry.kind == "folder":
        return Placed(path=path)
    seconds = entry.modified_ns / 1e9
    placed = Placed(path=path, mode=entry.mode, modified=seconds if seconds <= now.timestamp() else None)
    if entry.sha256 in known:
        return placed.model_copy(update={"copy_of": known[entry.sha256]})
    content = (root / path).read_bytes()
    try:
        return placed.model_copy(update={"text": content.decode()})
    except UnicodeDecodeError:
        return placed.model_copy(update={"base64": base64.b64encode(content).decode()})
