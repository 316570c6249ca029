"""The services that toolsets work with: stand-ins for Notion and monday.com, so that every toolset can be offered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from toolsets.sandbox import Bridge

_STAND_INS = ("notion", "monday")


@dataclass(frozen=True)
class Surroundings:
    """What a toolset's server is started with."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    bridges: tuple[Bridge, ...] = ()


@contextmanager
def surroundings(toolset: str, seed: str) -> Iterator[Surroundings]:
    """The service behind a toolset while a task runs, invented from `seed`; nothing where it needs none."""
    if toolset not in _STAND_INS:
        yield Surroundings()
        return
    from evaluation.standins import MondayStandIn, NotionStandIn, serve
    from evaluation.workspaces import make_world

    world = make_world(Random(seed))
    standin: Any = NotionStandIn(world) if toolset == "notion" else MondayStandIn(world)
    with serve(standin) as served:
        yield Surroundings(served.environ, (served.bridge,))
