"""A control group for one server: the only bound that holds for all its processes together.

Version 2 (one tree) and version 1 (one tree a controller) are both met in practice; the files are described in
the kernel's admin-guide, cgroup-v2.rst and cgroup-v1/.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_CONTROLLERS = ("memory", "pids")
_PREFIX = "dualtune-"
_REMOVAL_SECONDS = 5.0
_numbers = itertools.count()


def parents(root: Path = _ROOT, own: Path = _OWN) -> tuple[Path, ...]:
    """The folders in which a group with both controllers can be made, or none: not ours to write, or no such system.

    One folder under version 2, two under version 1.
    """
    try:
        lines = [line.split(":", 2) for line in own.read_text(encoding="utf-8").splitlines()]
        places = {name: place for _, names, place in lines for name in names.split(",")}
        if set(_CONTROLLERS) <= places.keys():
            found = tuple(root / name / places[name].lstrip("/") for name in _CONTROLLERS)
        elif "" in places:
            # A group with processes of its own cannot have groups that are limited below it; its parent can.
            found = ((root / places[""].lstrip("/")).parent if places[""] != "/" else root,)
            if not set(_CONTROLLERS) <= set((found[0] / "cgroup.subtree_control").read_text().split()):
                return ()
        else:
            return ()
    except (OSError, ValueError):
        return ()
    return found if all(os.access(folder, os.W_OK) for folder in found) else ()


@dataclass(frozen=True)
class Cgroup:
    """Folders of one group, one under version 2 and one a controller under version 1."""

    folders: tuple[Path, ...]

    @classmethod
    def make(cls, found: tuple[Path, ...], *, memory: int, processes: int) -> Self:
        """A new group below `found`, limited to `memory` bytes and `processes` processes and threads."""
        _sweep(found)
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        group = cls(tuple(parent / name for parent in found))
        for folder in group.folders:
            folder.mkdir()
        limits = {
            "memory.max": memory,
            "memory.limit_in_bytes": memory,
            "memory.swap.max": 0,
            "memory.memsw.limit_in_bytes": memory,
            "pids.max": processes,
        }
        for folder, (file, value) in itertools.product(group.folders, limits.items()):
            if (folder / file).exists():
                (folder / file).write_text(str(value), encoding="ascii")
        return group

    @property
    def enter(self) -> tuple[str, ...]:
        """Words to put before a command, so that it starts inside the group."""
        joins = (f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))}" for folder in self.folders)
        return ("/bin/sh", "-c", " && ".join([*joins, 'exec "$@"']), "sh")

    def remove(self) -> None:
        """End what still runs in the group, then take the group away."""
        deadline = time.monotonic() + _REMOVAL_SECONDS
        for folder in self.folders:
            while folder.exists() and time.monotonic() < deadline:
                for line in (folder / "cgroup.procs").read_text(encoding="ascii").split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(line), signal.SIGKILL)
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.005)


def _sweep(found: tuple[Path, ...]) -> None:
    """Take away the groups of processes of ours that were killed before they could."""
    for parent in found:
        for folder in parent.glob(f"{_PREFIX}*-*"):
            owner = folder.name.removeprefix(_PREFIX).split("-")[0]
            if not Path("/proc", owner).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
