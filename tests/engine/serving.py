"""`dualtune serve` as a process of its own, as a user starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

COMMAND = str(Path(sys.executable).with_name("dualtune"))
START_LIMIT = 180.0
"""Seconds for an engine to start, or to start again."""


@dataclass(frozen=True)
class Server:
    """A running server. `http` speaks to it without the SDK's retries."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    http: httpx.Client

    def is_ready(self) -> bool:
        """Raises AssertionError, with the log, when the process has ended."""
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()}")
        try:
            return self.http.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def wait_until_ready(self) -> None:
        wait_until(self.is_ready, START_LIMIT, "the server is ready")

    def metric(self, name: str) -> float:
        """The value of a metric, summed over its labels."""
        lines = self.http.get("/metrics").text.splitlines()
        values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        assert values, f"no metric {name}"
        return sum(values)

    def engine_process(self) -> int:
        """The process id of vLLM's EngineCore."""
        (core,) = self.engine_processes()
        return core

    def engine_processes(self) -> list[int]:
        return [pid for pid in _children(self.process.pid) if _command(pid).startswith("VLLM::EngineCore")]

    def stop(self, limit: float = 60) -> int:
        """Ask it to end, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit)


@contextmanager
def serving(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that was just started, not ready yet; killed with all its processes at the end. Its log is in `folder`.

    `arguments` follow `dualtune serve`. No setting of this machine's user is read.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port), *arguments],
            env=own_environment(folder) | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with httpx.Client(base_url=url, timeout=120) as http:
        try:
            yield Server(process, url, log, http)
        finally:
            _kill_all(process)


def ended(folder: Path, *arguments: str, limit: float) -> subprocess.CompletedProcess[str]:
    """`dualtune` with these arguments, run to its end within `limit` seconds. No user's setting is read."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=own_environment(folder),
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )


def own_environment(folder: Path) -> dict[str, str]:
    """This process's environment with a small KV cache and without the settings of this machine's user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUALTUNE_")}
    if cache := os.environ.get("DUALTUNE_CACHE_DIR"):
        kept["DUALTUNE_CACHE_DIR"] = cache
    return kept | {
        "XDG_CONFIG_HOME": str(folder / "no-config"),
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
    }


def wait_until(condition: Callable[[], bool], limit: float, what: str) -> None:
    """Poll until `condition` holds. Raises AssertionError naming `what` after `limit` seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit:.0f} s: {what}"
        pause.wait(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _children(pid: int) -> list[int]:
    lists = (task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(child) for children in lists for child in children.split()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""  # it has ended since


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """The process, if it still runs, and whatever it left in its group."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(15)
