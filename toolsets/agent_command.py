"""`dualtune agent`: a task, carried out with tools in a sandbox, by any model behind the OpenAI API."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Annotated, cast

import typer

from toolsets.agent import AgentLimits, Run, opening
from toolsets.chat import OpenAIModel
from toolsets.console import one_line_errors, stderr
from toolsets.launch import open_session
from toolsets.model import Toolset, ToolsetError
from toolsets.registry import PACKAGED, Registry
from toolsets.sandbox import BackendName, chosen_backend
from toolsets.session import Session, SessionLimits
from toolsets.toolbox import Toolbox
from toolsets.trace import Trace
from toolsets.trajectory import Message, Trajectory, write_trajectory


def agent(
    task: Annotated[str, typer.Argument(help="What is to be done, in your words.")],
    toolset: Annotated[
        list[str] | None, typer.Option(help="A toolset to work with; may be given again.", show_default="filesystem")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="The workspace: the one folder that the tools may change.")] = None,
    base_url: Annotated[str, typer.Option(help="Where the model is served.")] = "http://127.0.0.1:8000/v1",
    model: Annotated[str, typer.Option(help="The model's id.")] = "dualtune",
    api_key: Annotated[
        str, typer.Option(envvar=["DUALTUNE_API_KEY", "OPENAI_API_KEY"], show_default=False, help="Key for the model.")
    ] = "none",
    max_steps: Annotated[int, typer.Option(min=1, help="Replies that the model may give.")] = 20,
    max_seconds: Annotated[float, typer.Option(min=1, help="Time for the whole task.")] = 600.0,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Length of one reply.", show_default="what the server allows")
    ] = None,
    call_seconds: Annotated[float, typer.Option(min=0.1, help="Time for one call.")] = 60.0,
    max_characters: Annotated[int, typer.Option(min=100, help="How much of a result the model is shown.")] = 20_000,
    sandbox: Annotated[
        BackendName | None, typer.Option(help="Where the tools run.", show_default="the strongest that works")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder with toolsets of yours.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the trajectory to this file.")
    ] = None,
) -> None:
    """Carry out a task with tools.

    The answer goes to standard output, what happens on the way to standard error. Ctrl-C ends the run; the file of
    --json is written all the same. Ends with status 0 when the model has answered.

        dualtune agent "sort out my reports folder" --toolset filesystem --root ~/reports
    """
    from openai import AsyncOpenAI  # slow to import

    with one_line_errors():
        if json_file is not None and not json_file.absolute().parent.is_dir():
            raise ToolsetError(f"--json {json_file}: there is no folder {json_file.absolute().parent}", "json")
        names = tuple(dict.fromkeys(toolset or ["filesystem"]))
        registry = _registry(names, PACKAGED, *([folder] if folder else []))
        chosen = chosen_backend(sandbox)
        root = root.resolve() if root else None
        sessions = [
            open_session(
                registry.manifests[name],
                chosen,
                root=root,
                environ=os.environ,
                limits=SessionLimits(call_seconds=call_seconds, max_characters=max_characters),
            )
            for name in names
        ]
        trajectory = asyncio.run(
            _carry_out(
                [registry.toolsets[name] for name in names],
                sessions,
                OpenAIModel(AsyncOpenAI(base_url=base_url, api_key=api_key), model, max_tokens),
                opening(task, root),
                AgentLimits(max_steps, max_seconds, call_seconds),
                json_file,
            )
        )
    if trajectory.answer is not None:
        typer.echo(trajectory.answer)
    raise typer.Exit({"answered": 0, "interrupted": 130}.get(trajectory.outcome, 1))


async def _carry_out(
    toolsets: Sequence[Toolset],
    sessions: Sequence[Session],
    model: OpenAIModel,
    messages: Sequence[Message],
    limits: AgentLimits,
    json_file: Path | None,
) -> Trajectory:
    _end_on_sigterm()
    run = Run(model, Toolbox.of(zip(toolsets, sessions, strict=True)), messages, limits)
    trace = Trace(stderr())

    def keep() -> None:
        if json_file is not None:
            write_trajectory(json_file, run.trajectory)

    try:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(model.close)
            for session in sessions:
                await stack.enter_async_context(session)
            stack.callback(keep)  # whatever happens from here on
            with trace:
                async with aclosing(run.events()) as events:
                    async for event in events:
                        trace.feed(event)
    except asyncio.CancelledError:
        # Ctrl-C, perhaps while the servers were starting: the run is over, and it is told how it ended.
        cast("asyncio.Task[Trajectory]", asyncio.current_task()).uncancel()
        keep()
    trace.close(run.trajectory)
    return run.trajectory


def _registry(names: Sequence[str], *folders: Path) -> Registry:
    """The toolsets there are. Raises ToolsetError when one of `names` is missing or broken."""
    registry = Registry.load(*folders)
    for name in names:
        if name not in registry.toolsets:
            broken = [problem.message for problem in registry.problems if problem.folder.name == name]
            known = ", ".join(sorted(registry.toolsets)) or "none"
            raise ToolsetError(broken[0] if broken else f"there is no toolset {name!r}; there are: {known}", "toolset")
    return registry


def _end_on_sigterm() -> None:
    """Whoever stops us by SIGTERM gets the record as well."""
    task = cast("asyncio.Task[Trajectory]", asyncio.current_task())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
