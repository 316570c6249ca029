"""What a run leaves behind to be judged by: its trajectory, and what it changed in the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.workspaces import Diff, Snapshot, diff, snapshot
from evaluation.workspaces.snapshot import Kind
from toolsets.trajectory import Trajectory

_LONGEST = 100_000
_OVERFLOW = re.compile(r"context_length_exceeded|context length|context window", re.IGNORECASE)


@dataclass(frozen=True)
class Left:
    """What is at a path in the end: `text` of a file, where it is text of at most 100,000 bytes."""

    kind: Kind
    text: str | None = None


@dataclass(frozen=True)
class Evidence:
    """root: the path that the model knew the workspace by. left: by path, what is now where something changed."""

    trajectory: Trajectory
    root: str
    changes: Diff = field(default_factory=Diff)
    left: dict[str, Left] = field(default_factory=dict)

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
        changed = {path for path, fields in changes.changed.items() if {"kind", "sha256", "target"} & set(fields)}
        return frozenset(changed.union(changes.created, changes.deleted, *changes.moved))


def collect(trajectory: Trajectory, shown_root: str, before: Snapshot, root: Path) -> Evidence:
    """The evidence of a run in the workspace at `root` that was as `before` says."""
    after = snapshot(root)
    changes = diff(before, after)
    return Evidence(trajectory, shown_root, changes, dict(_left(changes, after, root)))


def _left(changes: Diff, after: Snapshot, root: Path) -> Iterator[tuple[str, Left]]:
    for path in sorted({*changes.created, *changes.changed, *(sink for _, sink in changes.moved)}):
        entry = after.entries[path]
        yield path, Left(entry.kind, _text(root / path) if entry.kind == "file" and entry.size <= _LONGEST else None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
