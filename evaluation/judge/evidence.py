"""What a run leaves behind to be judged by: its trajectory, and what it changed in the workspace or the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.tasks.services import Record, fingerprint
from evaluation.workspaces import Diff, Snapshot, diff, snapshot
from evaluation.workspaces.snapshot import Kind
from toolsets.trajectory import Trajectory

_LONGEST = 100_000
_CONTENT = frozenset(("kind", "sha256", "target", "text"))
_OVERFLOW = re.compile(r"context_length_exceeded|context length|context window", re.IGNORECASE)


@dataclass(frozen=True)
class Left:
    """What is at a path in the end: `text` of a file, where it is text of at most 100,000 bytes.

    Of a service, its objects are folders and their fields files (`evaluation.tasks.services`).
    """

    kind: Kind
    text: str | None = None


@dataclass(frozen=True)
class Evidence:
    """root: the path that the model knew the workspace by. left: by path, what is now where something changed.

    names: paths of the service's objects that the calls speak of, by identifier.
    """

    trajectory: Trajectory
    root: str
    changes: Diff = field(default_factory=Diff)
    left: dict[str, Left] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_overflow(self) -> bool:
        """Whether the conversation outgrew the model's context: that is the run's own end, not the server's fault."""
        error = self.trajectory.error or ""
        return self.trajectory.outcome == "failed" and _OVERFLOW.search(error) is not None

    @property
    def is_unanswered(self) -> bool:
        """Whether the model gave no answer: a server that is down, or refuses. Such a run has no score."""
        return self.trajectory.outcome == "failed" and not self.is_overflow

    @property
    def touched(self) -> frozenset[str]:
        """Paths with another content or kind, or that came or went. New times and permissions alone do not count."""
        changes = self.changes
        changed = {path for path, fields in changes.changed.items() if _CONTENT & set(fields)}
        return frozenset(changed.union(changes.created, changes.deleted, *changes.moved))

    @property
    def ending(self) -> str:
        """SHA-256, in hex, of all that was changed and what is there now."""
        left = {path: (left.kind, left.text) for path, left in self.left.items()}
        return fingerprint({"left": left, "gone": self.changes.deleted, "moved": self.changes.moved})


def collect(trajectory: Trajectory, shown_root: str, before: Snapshot, root: Path) -> Evidence:
    """The evidence of a run in the workspace at `root` that was as `before` says."""
    after = snapshot(root)
    changes = diff(before, after)
    return Evidence(trajectory, shown_root, changes, dict(_left(changes, after, root)))


def collect_service(trajectory: Trajectory, shown_root: str, before: Record, after: Record) -> Evidence:
    """The evidence of a run that worked with a service."""
    changes = before.changes_to(after)
    left = {path: _left_there(after.texts[path]) for path in (*changes.created, *changes.changed)}
    spoken = "\n".join(f"{seen.call.arguments}\n{seen.result.text}" for seen in trajectory.calls)
    known = {**after.names, **before.names}
    names = {identifier: path for identifier, path in known.items() if _is_spoken_of(identifier, spoken)}
    return Evidence(trajectory, shown_root, changes, left, names)


def _left_there(text: str | None) -> Left:
    return Left("folder") if text is None else Left("file", text)


def _is_spoken_of(identifier: str, spoken: str) -> bool:
    return all(part in spoken for part in identifier.split(":"))


def _left(changes: Diff, after: Snapshot, root: Path) -> Iterator[tuple[str, Left]]:
    for path in sorted({*changes.created, *changes.changed, *(sink for _, sink in changes.moved)}):
        entry = after.entries[path]
        yield path, Left(entry.kind, _text(root / path) if entry.kind == "file" and entry.size <= _LONGEST else None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
