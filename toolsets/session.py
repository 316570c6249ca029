"""A session with one MCP server: calls at the same time, limits on each, and a new start when the server dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from mcp import Client, MCPError
from mcp_types import CONNECTION_CLOSED
from pydantic import ValidationError

from toolsets.model import Tool, ToolsetError
from toolsets.result import ToolResult, read_result
from toolsets.transport import Connect, watched

_PING_SECONDS = 2.0
_MAX_PAGES = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SessionLimits:
    """How long the server may take to start and to answer a call, in seconds, and how much of a result is shown."""

    start_seconds: float = 30.0
    call_seconds: float = 60.0
    max_characters: int = 20_000


class Session:
    """A running server, as an async context manager. Calls may be made from any task, many at a time.

    A call never raises for what the server or the tool did: that is a result with `is_error`, for the model to read.
    A server that has ended, or that answers nothing after a call ran out of time, is started again at the next call.
    """

    def __init__(
        self,
        name: str,
        connect: Connect,
        *,
        limits: SessionLimits | None = None,
        error_members: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._connect = connect
        self._limits = limits or SessionLimits()
        self._error_members = error_members or {}
        self._connection: _Connection | None = None
        self._changing = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        """Start the server. Raises ToolsetError, with what it wrote to its standard error, when it does not start."""
        await self._live()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server; calls still under way end with an error result."""
        async with self._changing:
            self._closed = True
            if self._connection is not None:
                await self._connection.close()

    async def tools(self) -> tuple[Tool, ...]:
        """All tools the server lists now. Raises ToolsetError when it does not answer as it must."""
        connection = await self._live()
        tools: list[Tool] = []
        cursor: str | None = None
        try:
            for _ in range(_MAX_PAGES):
                page = await connection.client.list_tools(cursor=cursor)
                tools += (Tool(tool.name, tool.description or "", tool.input_schema) for tool in page.tools)
                cursor = page.next_cursor
                if cursor is None:
                    return tuple(tools)
        except (MCPError, ValidationError) as error:
            raise ToolsetError(f"{self.name}: the server does not list its tools: {error}", "server") from None
        raise ToolsetError(f"{self.name}: the server's list of tools has no end", "server")

    async def call(self, tool: str, arguments: Mapping[str, Any], *, seconds: float | None = None) -> ToolResult:
        """Call a tool, for at most `seconds` (the session's limit by default). Cancelling it cancels the call."""
        started = perf_counter()
        limit = self._limits.call_seconds if seconds is None else seconds
        try:
            connection = await self._live()
        except ToolsetError as error:
            return self._failed(error.message, started)
        try:
            # The client's own limit counts from when the request is written, which a server that hangs can prevent.
            async with asyncio.timeout(limit):
                answer = await connection.client.call_tool(tool, dict(arguments), read_timeout_seconds=inf)
        except TimeoutError:
            connection.doubtful = True
            return self._failed(f"{tool} did not answer within {limit:g} seconds; the call was cancelled", started)
        except MCPError as error:
            if not connection.ended_with(error):
                return self._failed(error.message, started)
            return self._failed(
                f"the {self.name} server ended during this call, which may or may not have been carried out; "
                "the next call starts it again",
                started,
            )
        except ValidationError:
            return self._failed(f"the answer of {tool} is not what the protocol asks for", started)
        return read_result(answer, self._error_members, self._limits.max_characters, perf_counter() - started)

    def _failed(self, text: str, started: float) -> ToolResult:
        return ToolResult(text, is_error=True, seconds=perf_counter() - started)

    async def _live(self) -> _Connection:
        async with self._changing:
            if self._closed:
                raise ToolsetError(f"the session with the {self.name} server is closed", "server")
            if self._connection is not None and not await self._connection.answers():
                log.warning("the %s server has ended or hangs; starting it again", self.name)
                await self._connection.close()
                self._connection = None
            if self._connection is None:
                self._connection = await _Connection.open(self.name, self._connect, self._limits.start_seconds)
            return self._connection


class _Connection:
    """One run of the server. A client must be closed by the task that opened it: `_owner` is that task."""

    def __init__(self, connect: Connect, seconds: float) -> None:
        self.doubtful = False
        self._over = asyncio.Event()
        self._settled = asyncio.Event()
        self._failure: Exception | None = None
        # The handshake of before 2026 works with every server; the newer one would have to be tried out first.
        self.client = Client(watched(connect, self._over.set), mode="legacy", read_timeout_seconds=seconds)
        self._owner = asyncio.create_task(self._own())

    @classmethod
    async def open(cls, name: str, connect: Connect, seconds: float) -> Self:
        connection = cls(connect, seconds)
        try:
            await connection._settled.wait()
        except asyncio.CancelledError:
            connection._owner.cancel()
            await connection.close()
            raise
        if connection._failure is not None:
            raise ToolsetError(f"the {name} server did not start: {_reason(connection._failure)}", "server")
        return connection

    async def answers(self) -> bool:
        """Whether the server is there and, after a call that ran out of time, still reads what it is sent."""
        if self.doubtful and not self._over.is_set():
            self.doubtful = False
            try:
                async with asyncio.timeout(_PING_SECONDS):
                    await self.client.session.send_ping()
            except TimeoutError:
                return False
            except MCPError as error:
                return not self.ended_with(error)
        return not self._over.is_set()

    def ended_with(self, error: MCPError) -> bool:
        """Whether `error` says that the server is gone; if so, this connection is over."""
        if error.code == CONNECTION_CLOSED:
            self._over.set()
        return self._over.is_set()

    async def close(self) -> None:
        self._over.set()
        await asyncio.wait({self._owner})

    async def _own(self) -> None:
        try:
            async with self.client:
                self._settled.set()
                await self._over.wait()
        except Exception as error:
            # Of interest only when the server did not start: later, every call under way is told that it ended.
            self._failure = error
        finally:
            self._over.set()
            self._settled.set()


def _reason(error: BaseException) -> str:
    """The first error inside nested groups, and what the server wrote before it."""
    notes: list[str] = getattr(error, "__notes__", [])
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
        notes = notes + getattr(error, "__notes__", [])
    return "\n".join(filter(None, [str(error) or type(error).__name__, *dict.fromkeys(notes)]))
