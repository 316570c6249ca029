"""What a toolset's server works with while a task is carried out: a workspace on disk, or a stand-in for a service."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from evaluation.judge.evidence import Evidence, collect, collect_service
from evaluation.tasks import Task
from evaluation.tasks.ground import lay_out, room, verify, write_out
from evaluation.tasks.services import SERVICES, Record, fingerprint
from evaluation.workspaces import Snapshot, make_world
from toolsets.sandbox import Bridge
from toolsets.trajectory import Trajectory
from training.offline.services import invented

if TYPE_CHECKING:
    from evaluation.standins import StandIn

WORKSPACE = "filesystem"
"""The toolset that works on the workspace."""


@dataclass(frozen=True)
class Surroundings:
    """What a server is started with. before: what is there at first. collect: the evidence that a run leaves here."""

    collect: Callable[[Trajectory], Evidence]
    before: Snapshot | Record = field(default_factory=Snapshot)
    root: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    bridges: tuple[Bridge, ...] = ()


@contextmanager
def surroundings(toolset: str, task: Task) -> Iterator[Surroundings]:
    """Those of a toolset in a task's world, gone afterwards. For one that works with nothing they are empty.

    Raises EvaluationError where the task's own are no longer those that it was made for.
    """
    ground, own = task.ground, toolset == task.toolset
    if toolset == WORKSPACE:
        with room() as root:
            before = (lay_out if own else write_out)(ground, root)
            yield Surroundings(lambda trajectory: collect(trajectory, ground.root, before, root), before, root)
    elif toolset in SERVICES:
        standin = stand_in(toolset, ground.spec, ground.setting if own else None)
        if own:
            verify(ground, fingerprint(standin.snapshot()))
        with _served(standin, ground.root) as around:
            yield around
    else:
        yield Surroundings(lambda trajectory: Evidence(trajectory, ground.root))


def stand_in(toolset: str, seed: str, setting: str | None = None) -> StandIn[Any]:
    """The service behind a toolset, invented from `seed`, or as the demonstrations of a setting found it at first."""
    from evaluation.standins import STAND_INS  # they come with a web server

    world, number = (make_world(Random(seed)), 0) if setting is None else invented(toolset, setting)
    return STAND_INS[toolset](world, number)


@contextmanager
def _served(standin: StandIn[Any], shown_root: str) -> Iterator[Surroundings]:
    from evaluation.standins import serve

    record = SERVICES[standin.toolset].record
    before = record(standin.snapshot(), {})

    def leave(trajectory: Trajectory) -> Evidence:
        return collect_service(trajectory, shown_root, before, record(standin.snapshot(), before.names))

    with serve(standin) as served:
        yield Surroundings(leave, before, environ=served.environ, bridges=(served.bridge,))
