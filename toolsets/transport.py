"""How a session reaches its server: a command spoken to over stdio, or a streamable HTTP endpoint."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

import httpx2
from mcp import StdioServerParameters, stdio_client
from mcp.client import Transport
from mcp.client.streamable_http import streamable_http_client

from toolsets.sandbox import Wrapped

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.shared.message import SessionMessage

    Message: TypeAlias = SessionMessage | Exception

Connect = Callable[[], Transport]
"""Starts the server, or connects to it, anew each time it is called."""

_HTTP_SECONDS = httpx2.Timeout(10.0, read=None)  # how long an answer may take is for the session to say
_STDERR_BYTES = 4096


def stdio(wrap: Callable[[], Wrapped]) -> Connect:
    """Run the command that `wrap` gives: it is in its sandbox already.

    An error while it runs carries, as a note, the end of what the server wrote to its standard error.
    """

    @asynccontextmanager
    async def connect() -> AsyncGenerator[TransportStreams, None]:
        stderr = _Stderr()
        try:
            with wrap() as command:
                program, *args = command.argv
                # Some servers read a `.env` where they are started, so never in a folder that others write to.
                server = StdioServerParameters(command=program, args=args, env=dict(command.env), cwd="/")
                async with stdio_client(server, errlog=stderr.sink) as streams:
                    yield streams
        except BaseException as error:
            error.add_note(stderr.close())
            raise
        finally:
            stderr.close()

    return connect


def http(url: str, headers: Mapping[str, str]) -> Connect:
    """Connect to a streamable HTTP endpoint, sending `headers` with every request."""
    hooks = {"response": [_end_with_the_session]}

    @asynccontextmanager
    async def connect() -> AsyncGenerator[TransportStreams, None]:
        async with (
            httpx2.AsyncClient(headers=dict(headers), timeout=_HTTP_SECONDS, event_hooks=hooks) as client,
            streamable_http_client(url, http_client=client) as streams,
        ):
            yield streams

    return connect


async def _end_with_the_session(response: httpx2.Response) -> None:
    """A server that does not know our session answers 404, says the protocol; then it is gone for us."""
    if response.status_code == 404 and "mcp-session-id" in response.request.headers:
        raise httpx2.RemoteProtocolError("the server has ended the session", request=response.request)


@asynccontextmanager
async def watched(connect: Connect, on_end: Callable[[], None]) -> AsyncGenerator[TransportStreams, None]:
    """Connect, and call `on_end` as soon as the client has read the server's last message."""
    async with connect() as (incoming, outgoing):
        yield _Watched(incoming, on_end), outgoing


class _Watched:
    """A stream of messages that tells when its reader is done with it."""

    def __init__(self, stream: ReadStream[Message], on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end
        self.receive = stream.receive
        self.aclose = stream.aclose

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        return await self._stream.__anext__()

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._on_end()
        return await self._stream.__aexit__(kind, error, trace)


class _Stderr:
    """A sink for a child's standard error that keeps its end and blocks nobody."""

    def __init__(self) -> None:
        source, sink = os.pipe()
        self.sink = os.fdopen(sink, "w")
        self._end = b""
        self._reader = Thread(target=self._read, args=(source,), daemon=True)
        self._reader.start()

    def close(self) -> str:
        """The end of what was written. A child that outlives its server may hold the pipe open: it is not awaited."""
        self.sink.close()
        self._reader.join(timeout=0.5)
        return self._end.decode(errors="replace").strip()

    def _read(self, source: int) -> None:
        with os.fdopen(source, "rb", buffering=0) as stream:
            while chunk := stream.read(_STDERR_BYTES):
                self._end = (self._end + chunk)[-_STDERR_BYTES:]
