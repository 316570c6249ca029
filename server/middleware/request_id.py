"""An id for every request, on its answer and on every log line; and one log line when it is over."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.wire.errors import internal, unavailable

log = logging.getLogger(__name__)

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIdMiddleware:
    """Takes the client's `x-request-id` where it is a plain word, else makes one.

    The outermost of all: what escapes everything else is logged here and answered as a 500 without details.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else f"req_{uuid.uuid4().hex}"
        token = current_request_id.set(request_id)
        started, status = time.monotonic(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers["openai-processing-ms"] = str(round((time.monotonic() - started) * 1000))
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server ends, and will not wait any longer: nothing else cancels a request as a whole.
            if status == 0:
                await unavailable("The server is shutting down.").response()(scope, receive, send_with_id)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if status == 0:
                await internal().response()(scope, receive, send_with_id)
        finally:
            seconds = time.monotonic() - started
            level = logging.DEBUG if scope["path"] in ("/health", "/ready", "/metrics") else logging.INFO
            log.log(level, "%s %s %s %.2f s", scope["method"], scope["path"], status or "gone", seconds)
            current_request_id.reset(token)
