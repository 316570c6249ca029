"""Filesystem workspaces: generated from a seed, realistic, with snapshots and differences between them."""

from evaluation.workspaces.shapes import Shape
from evaluation.workspaces.snapshot import Diff, Entry, Snapshot, diff, snapshot
from evaluation.workspaces.workspace import File, Size, Spec, Workspace, WorkspaceError, build
from evaluation.workspaces.world import World, make_world

__all__ = [
    "Diff",
    "Entry",
    "File",
    "Shape",
    "Size",
    "Snapshot",
    "Spec",
    "Workspace",
    "WorkspaceError",
    "World",
    "build",
    "diff",
    "make_world",
    "snapshot",
]
