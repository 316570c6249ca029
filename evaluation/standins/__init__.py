"""Stand-ins for the cloud services behind the notion and monday toolsets, with state, seeds, snapshots and reset.

standin = NotionStandIn(world)
with serve(standin.app) as served:
    ...start the MCP server with BASE_URL=served.url, and a policy with bridges=(served.bridge,)
"""

from evaluation.standins.notion import NotionStandIn
from evaluation.standins.serving import Served, serve

__all__ = ["NotionStandIn", "Served", "serve"]
