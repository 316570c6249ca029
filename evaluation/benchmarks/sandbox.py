"""What sessions and sandboxes cost: the time to start a server and to call a tool, against the bare server.

    python -m evaluation.benchmarks.sandbox sandbox.json

The bare server is the filesystem server spoken to by the protocol's client alone. In each round a server is started
every way, and then the same call is made to each in turn, so that whatever else the machine does falls on all of them
alike; medians are compared.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Annotated, Any, TextIO

import typer
from mcp import Client, StdioServerParameters, stdio_client

from evaluation.benchmarks.machine import machine
from toolsets import Registry
from toolsets.console import one_line_errors, progress
from toolsets.install import install
from toolsets.launch import open_session, prepare_launch
from toolsets.registry import PACKAGED
from toolsets.sandbox import BackendName, backend, probe
from toolsets.snapshot import write_file

BARE = "bare server"
_TEXT = "A line of ordinary length, such as notes have.\n" * 40


@dataclass(frozen=True)
class Cost:
    """Medians in seconds, and as multiples of the bare server's."""

    start_seconds: float
    call_seconds: float
    start_ratio: float
    call_ratio: float


@dataclass(frozen=True)
class Report:
    """`costs` by way: the bare server, a session without a sandbox, a session in each sandbox that works here."""

    rounds: int
    calls: int
    machine: Mapping[str, str | int | None]
    costs: Mapping[str, Cost]
    not_measured: Mapping[str, str]


def measure(rounds: int, calls: int, report: Callable[[str], None]) -> Report:
    """Start the server in each of `rounds` every way, and make `calls` calls in each."""
    facts = probe()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        root = Path(folder).resolve()
        (root / "note.txt").write_text(_TEXT, encoding="utf-8")
        names: list[BackendName] = ["none", *(fact.name for fact in facts if fact.works)]
        ways = {BARE: _bare(root, nowhere)} | {_label(name): _session(root, name) for name in names}
        times = asyncio.run(_rounds(ways, root / "note.txt", rounds, calls, report))
    starting = {way: median(taken.starts) for way, taken in times.items()}
    calling = {way: median(taken.calls) for way, taken in times.items()}
    return Report(
        rounds=rounds,
        calls=calls,
        machine=machine(),
        costs={
            way: Cost(starting[way], calling[way], starting[way] / starting[BARE], calling[way] / calling[BARE])
            for way in ways
        },
        not_measured={fact.name: fact.reason for fact in facts if not fact.works},
    )


Tool = Callable[[str, dict[str, Any]], Any]
Open = Callable[[], AbstractAsyncContextManager[Tool]]


@dataclass(frozen=True)
class Times:
    """Seconds of each start and of each call, one way."""

    starts: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)


async def _rounds(
    ways: Mapping[str, Open], file: Path, rounds: int, calls: int, report: Callable[[str], None]
) -> dict[str, Times]:
    """Always in another order, so that no way comes after the same other every time."""
    times = {way: Times() for way in ways}
    random = Random(0)
    for number in range(rounds):
        report(f"round {number + 1} of {rounds}")
        async with AsyncExitStack() as stack:
            tools = {}
            for way in random.sample(list(ways), len(ways)):
                began = perf_counter()
                tools[way] = await stack.enter_async_context(ways[way]())
                times[way].starts.append(perf_counter() - began)
                await _call(tools[way], file)  # the first is slower everywhere and does not count
            for _ in range(calls):
                for way in random.sample(list(ways), len(ways)):
                    times[way].calls.append(await _call(tools[way], file))
    return times


async def _call(tool: Tool, file: Path) -> float:
    """Make one call; the seconds that it took."""
    began = perf_counter()
    answer = await tool("read_text_file", {"path": str(file)})
    seconds = perf_counter() - began
    if answer.is_error:
        raise RuntimeError(f"the call failed: {answer}")
    return seconds


def _label(name: BackendName) -> str:
    return "session, no sandbox" if name == "none" else f"session, {name}"


def _bare(root: Path, stderr: TextIO) -> Open:
    manifest = Registry.load(PACKAGED).manifests["filesystem"]
    launch = prepare_launch(manifest, root=root, environ={})

    @asynccontextmanager
    async def opened() -> AsyncIterator[Tool]:
        server = StdioServerParameters(command=launch.argv[0], args=list(launch.argv[1:]), env=dict(launch.env))
        async with Client(stdio_client(server, errlog=stderr), mode="legacy") as client:
            yield client.call_tool

    return opened


def _session(root: Path, name: BackendName) -> Open:
    manifest = Registry.load(PACKAGED).manifests["filesystem"]
    chosen = backend(name)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Tool]:
        async with open_session(manifest, chosen, root=root, environ={}) as session:
            yield session.call

    return opened


def main(
    out: Annotated[Path, typer.Argument(help="The file for the figures, as JSON.")],
    rounds: Annotated[int, typer.Option(min=1, help="How often the server is started each way.")] = 15,
    calls: Annotated[int, typer.Option(min=1, help="How often a tool is called in each round.")] = 200,
) -> None:
    """Measure what sessions and sandboxes cost, against the bare server."""
    with one_line_errors(), progress("installing the servers") as report:
        install("npm", report)
        logging.getLogger("toolsets.sandbox").setLevel(logging.ERROR)  # that one way has no sandbox is meant
        result = measure(rounds, calls, report)
        write_file(out, json.dumps(asdict(result), indent=2) + "\n")
    for way, cost in result.costs.items():
        print(f"{way:24} start {cost.start_ratio:5.2f} x, call {cost.call_ratio:5.2f} x")  # noqa: T201


if __name__ == "__main__":
    typer.run(main)
