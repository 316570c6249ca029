"""A bound on the size of request bodies."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.wire.errors import ApiError


class BodyLimitMiddleware:
    """Answers 413 to a body of more than `limit` bytes, declared or not."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._limit:
            await self._error().response()(scope, receive, send)
            return
        seen, too_large = 0, False

        async def bounded() -> Message:
            nonlocal seen, too_large
            message = await receive()
            seen += len(message.get("body", b""))
            too_large = too_large or seen > self._limit
            # The application stops reading as if the client had gone, and what it then answers is dropped.
            return {"type": "http.disconnect"} if too_large else message

        async def unless_too_large(message: Message) -> None:
            if not too_large:
                await send(message)

        await self._app(scope, bounded, unless_too_large)
        if too_large:
            await self._error().response()(scope, receive, send)

    def _error(self) -> ApiError:
        return ApiError(413, f"The request body is larger than {self._limit} bytes.", code="request_too_large")
