"""Stand-ins for the cloud services behind the notion and monday toolsets, with state, seeds, snapshots and reset.

standin = NotionStandIn(world)
with serve(standin.app) as served:
    ...start the MCP server under a policy with bridges=(served.bridge,), and with
    BASE_URL=served.url (notion) or MONDAY_API_ENDPOINT=served.url + "/v2" (monday)
"""

from evaluation.standins.monday import MondayStandIn
from evaluation.standins.notion import NotionStandIn
from evaluation.standins.serving import Served, serve

__all__ = ["MondayStandIn", "NotionStandIn", "Served", "serve"]
