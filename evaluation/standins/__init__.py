"""Stand-ins for the cloud services behind the notion and monday toolsets, with state, seeds, snapshots and reset.

standin = NotionStandIn(world)
with serve(standin) as served:
    ...open_session(manifest, backend, environ=served.environ, bridges=[served.bridge])
"""

from evaluation.standins.monday import MondayStandIn
from evaluation.standins.notion import NotionStandIn
from evaluation.standins.serving import Served, serve
from evaluation.standins.standin import StandIn

__all__ = ["MondayStandIn", "NotionStandIn", "Served", "StandIn", "serve"]
