"""For a server that is meant for this machine alone: only requests that name this machine."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.wire.errors import ApiError


class LocalHostMiddleware:
    """Refuses other `Host` names, with which a web page could reach in through a name that it had point here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "")
            name = host[1 : host.rfind("]")] if host.startswith("[") else host.partition(":")[0]
            if not is_local(name):
                error = ApiError(
                    403,
                    f"This server answers to this machine's own names only, not to {name!r}. "
                    "Start it with another `--host` to serve others.",
                    code="invalid_host",
                )
                await error.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def is_local(name: str) -> bool:
    """Whether `name` is this machine's own, whatever it resolves to: `localhost` or a loopback address."""
    try:
        return name.lower() == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
