"""Stand-ins for the cloud services behind the notion and monday toolsets, with state, seeds, snapshots and reset.

standin = NotionStandIn(world)
with serve(standin) as served:
    ...open_session(manifest, backend, environ=served.environ, bridges=[served.bridge])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.standins.monday import MondayStandIn
from evaluation.standins.notion import NotionStandIn
from evaluation.standins.serving import Served, serve
from evaluation.standins.standin import StandIn

STAND_INS: Mapping[str, type[StandIn[Any]]] = {kind.toolset: kind for kind in (MondayStandIn, NotionStandIn)}
"""By the toolset that works with the service."""

__all__ = ["STAND_INS", "MondayStandIn", "NotionStandIn", "Served", "StandIn", "serve"]
