"""The state of a folder, and what changed between two states."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Self

Kind = Literal["file", "folder", "link"]


@dataclass(frozen=True)
class Entry:
    """One path. `sha256` of a file's content, `target` of a link; size is in bytes, 0 for folders and links."""

    kind: Kind
    mode: int
    modified_ns: int
    size: int = 0
    sha256: str = ""
    target: str = ""


@dataclass(frozen=True)
class Snapshot:
    """Entries by path relative to the folder, in order of path; the folder itself is not among them."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def paths(self, kind: Kind) -> tuple[str, ...]:
        return tuple(path for path, entry in self.entries.items() if entry.kind == kind)

    def to_json(self) -> str:
        return json.dumps({path: asdict(entry) for path, entry in self.entries.items()}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError or TypeError for what `to_json` did not write."""
        return cls({path: Entry(**entry) for path, entry in json.loads(text).items()})


@dataclass(frozen=True)
class Diff:
    """Paths by what happened to them. A moved file has the same content under another name and is in no other list.

    `changed` names the fields that differ. Times and permissions count for files; a folder's time, which changes with
    what is in it, does not.
    """

    created: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.created or self.deleted or self.moved or self.changed)


def snapshot(root: Path) -> Snapshot:
    """The state of everything below `root`. Links are recorded, not followed."""
    return Snapshot({path: _entry(root / path) for path in sorted(_paths(root))})


def diff(before: Snapshot, after: Snapshot) -> Diff:
    """What happened between two snapshots of the same folder."""
    gone = [path for path in before.entries if path not in after.entries]
    new = [path for path in after.entries if path not in before.entries]
    moved = tuple(_moves(before, after, gone, new))
    sources, sinks = {source for source, _ in moved}, {sink for _, sink in moved}
    changed = {
        path: fields
        for path, entry in before.entries.items()
        if path in after.entries and (fields := _differing(entry, after.entries[path]))
    }
    return Diff(
        created=tuple(path for path in new if path not in sinks),
        deleted=tuple(path for path in gone if path not in sources),
        moved=moved,
        changed=changed,
    )


def _paths(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield str(PurePosixPath(Path(folder, name).relative_to(root)))


def _entry(path: Path) -> Entry:
    status = path.lstat()
    mode, modified = stat.S_IMODE(status.st_mode), status.st_mtime_ns
    if stat.S_ISLNK(status.st_mode):
        return Entry("link", mode, modified, target=str(path.readlink()))
    if stat.S_ISDIR(status.st_mode):
        return Entry("folder", mode, modified)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry("file", mode, modified, status.st_size, digest)


def _moves(before: Snapshot, after: Snapshot, gone: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    """Pair files that went with files that came, by content; the same name is preferred among equal ones."""
    left = {path for path in gone if before.entries[path].kind == "file"}
    for sink in new:
        entry = after.entries[sink]
        same = [
            source for source in sorted(left) if entry.kind == "file" and before.entries[source].sha256 == entry.sha256
        ]
        if same:
            name = PurePosixPath(sink).name
            source = min(same, key=lambda path: PurePosixPath(path).name != name)
            left.remove(source)
            yield source, sink


def _differing(before: Entry, after: Entry) -> tuple[str, ...]:
    ignored = {"modified_ns"} if before.kind == after.kind == "folder" else set()
    old, new = asdict(before), asdict(after)
    return tuple(name for name in old if name not in ignored and old[name] != new[name])
