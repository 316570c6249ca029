"""Serving a stand-in: on a free port of 127.0.0.1 and on a unix socket, which a sandbox can be given."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from evaluation.standins.standin import StandIn
from toolsets.sandbox import Bridge

_START_SECONDS = 20.0


@dataclass(frozen=True)
class Served:
    """Where a stand-in answers. A toolset's server that has `environ` uses `url`, from a sandbox through `bridge`."""

    url: str
    bridge: Bridge
    environ: Mapping[str, str]


@contextmanager
def serve(standin: StandIn[Any]) -> Iterator[Served]:
    """Serve it from a thread of its own until the context is left. Raises RuntimeError when it does not come up."""
    # A unix socket's path may be 107 bytes long at most, so it does not go below the caller's folders.
    with tempfile.TemporaryDirectory(prefix="standin-") as folder, socket.socket(socket.AF_UNIX) as local:
        path = Path(folder, "api.socket")
        local.bind(str(path))
        with socket.create_server(("127.0.0.1", 0)) as tcp:
            server = uvicorn.Server(
                uvicorn.Config(
                    standin.app,
                    # Stand-ins that start at once would undo each other's logging, and let a line through.
                    log_config=None,
                    log_level="warning",
                    lifespan="off",
                    timeout_graceful_shutdown=1,
                )
            )
            thread = threading.Thread(target=asyncio.run, args=(server.serve([tcp, local]),), daemon=True)
            thread.start()
            port = tcp.getsockname()[1]
            _await_answer(port)
            try:
                url = f"http://127.0.0.1:{port}"
                yield Served(url, Bridge(port, path), standin.environ(url))
            finally:
                server.should_exit = True
                thread.join()


def _await_answer(port: int) -> None:
    """The socket listens already, so a connection waits in its queue until the server takes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try:
            if not connection.recv(1):
                raise RuntimeError("the stand-in closed its first connection")
        except TimeoutError:
            raise RuntimeError(f"the stand-in did not answer within {_START_SECONDS:g} s") from None
