"""`dualtune serve`: the settings, the model, the engine, and the HTTP server around them."""

from __future__ import annotations

import asyncio
import logging
import socket
import tomllib
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from fastapi import FastAPI
from rich.console import Console

from server.app import create_app
from server.assembly import assemble
from server.cli import CommandError
from server.logs import configure_logging
from server.settings import Settings, SettingsError, load_settings

log = logging.getLogger(__name__)


def serve(
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).", envvar="DUALTUNE_CONFIG")] = None,
    model: Annotated[str | None, typer.Option(help="Base model: a folder or a hub id.")] = None,
    adapters: Annotated[Path | None, typer.Option(help="The adapter store.")] = None,
    toolsets: Annotated[list[Path] | None, typer.Option(help="Folder of toolsets; may be given again.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; loopback unless given.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any.")] = None,
    api_key: Annotated[
        str | None, typer.Option(help="Key that clients must send; better set by DUALTUNE_API_KEY.")
    ] = None,
    tensor_parallel_size: Annotated[int | None, typer.Option(help="GPUs that share the model.")] = None,
    quantization: Annotated[str | None, typer.Option(help="Quantisation of the weights, as vLLM names it.")] = None,
    gpu_memory_utilization: Annotated[float | None, typer.Option(help="Share of the GPU's memory, 0 to 1.")] = None,
    max_model_len: Annotated[int | None, typer.Option(help="Context length in tokens.")] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Any other option of vLLM's engine; may be given again."),
    ] = None,
) -> None:
    """Serve the OpenAI API on this machine.

    Settings come from the file, then DUALTUNE_* in the environment, then these flags, the later the stronger.
    """
    named = {
        "tensor_parallel_size": tensor_parallel_size,
        "quantization": quantization,
        "gpu_memory_utilization": gpu_memory_utilization,
        "max_model_len": max_model_len,
    }
    flags = {
        "model": model,
        "adapters": adapters,
        "toolsets": toolsets or None,
        "host": host,
        "port": port,
        "api_key": api_key,
        "engine": {name: value for name, value in named.items() if value is not None} | _pairs(engine or []) or None,
    }
    try:
        settings = load_settings(config, {name: value for name, value in flags.items() if value is not None})
    except SettingsError as error:
        raise CommandError(str(error)) from error
    with suppress(KeyboardInterrupt):  # the requests in flight have been drained by then
        asyncio.run(_serve(settings))


def _pairs(items: list[str]) -> dict[str, Any]:
    """`name=value` options; values as TOML has them, so that numbers, booleans and tables can be given."""
    pairs = {}
    for item in items:
        name, separator, value = item.partition("=")
        if not separator or not name.isidentifier():
            raise CommandError(f"--engine {item}: write NAME=VALUE, for example --engine max_num_seqs=16")
        pairs[name] = _value(value)
    return pairs


def _value(text: str) -> Any:
    """As in the settings file, but that words need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


async def _serve(settings: Settings) -> None:
    """Raises `CommandError` when anything is missing; ends when the server was told to."""
    configure_logging()
    with _listen(settings) as listener:
        await _serve_on(listener, settings)


async def _serve_on(listener: socket.socket, settings: Settings) -> None:
    import uvicorn

    console = Console(stderr=True, highlight=False)
    with _shown(console, "Reading the model's files"):
        parts = await asyncio.to_thread(assemble, settings)
    for problem in parts.problems:
        log.warning("%s", problem)
    failures: list[Exception] = []

    async def keep_engine() -> None:
        try:
            await parts.engine.run()
        except Exception as error:
            failures.append(error)
            server.should_exit = True

    async def announce() -> None:
        with _shown(console, f"Loading {parts.name} into the engine"):
            await parts.engine.ready.wait()
        console.print(f"dualtune serves {parts.name} on {_url(listener)}/v1", style="bold green")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        tasks = [asyncio.create_task(keep_engine()), asyncio.create_task(announce())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await parts.engine.close()

    app = create_app(parts.engine, parts.store, settings, parts.prompts, parts.registry, lifespan=lifespan)
    config = uvicorn.Config(app, log_config=None, server_header=False, timeout_graceful_shutdown=settings.drain_seconds)
    server = uvicorn.Server(config)
    await server.serve(sockets=[listener])
    if failures:
        raise CommandError(str(failures[0]))


def _listen(settings: Settings) -> socket.socket:
    """Bound before anything is loaded, so that a port in use is told at once."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason, *_ = str(error.strerror).split(" (while", 1)
        raise CommandError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; choose others with --host and --port"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _shown(console: Console, what: str) -> Generator[None, None, None]:
    """A spinner on a terminal, a line elsewhere."""
    if console.is_terminal:
        with console.status(f"{what} ..."):
            yield
    else:
        console.print(f"{what} ...")
        yield
