"""`dualtune toolset`: what toolsets there are, their servers, and snapshots of their tools."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from toolsets.adding import draft_manifest, write_toolset
from toolsets.console import one_line_errors, progress, tell
from toolsets.install import install, installed
from toolsets.launch import open_session
from toolsets.manifest import Manifest, Snapshot, read_manifest, read_snapshot, read_toolset
from toolsets.model import Toolset, ToolsetError
from toolsets.registry import PACKAGED, Registry
from toolsets.sandbox import Backend, BackendName, chosen_backend
from toolsets.snapshot import Changes, compare, take_snapshot, write_snapshot

Folder = Annotated[Path, typer.Option(help="The folder that has the toolsets.", show_default="the shipped ones")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Root = Annotated[Path | None, typer.Option(help="Workspace for the server.", show_default="an empty git repository")]
Sandbox = Annotated[BackendName | None, typer.Option(help="Where to run it.", show_default="the strongest that works")]

app = typer.Typer(
    help="List, inspect, add and refresh toolsets: MCP servers with a snapshot of their tools.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command("install")
def install_servers() -> None:
    """Install the servers of the shipped toolsets, pinned. Repeatable; quick when they are there."""
    with one_line_errors():
        failed = []
        for source in ("npm", "python"):
            try:
                with progress("looking at what is installed") as report:
                    install(source, report)
            except ToolsetError as error:
                # One of the two may be all that the user can have, or needs.
                failed.append(error.message)
        if failed:
            raise ToolsetError("\n".join(failed))


@app.command("list")
def list_toolsets(folder: Folder = PACKAGED, as_json: AsJson = False) -> None:
    """List the toolsets. Ends with status 1 when one of them is broken, after naming it on standard error."""
    registry = Registry.load(folder)
    rows = [_summary(toolset, registry.manifests[name]) for name, toolset in sorted(registry.toolsets.items())]
    if as_json:
        _print_json(rows)
    else:
        table = Table("toolset", "tools", "server", "description", box=None, pad_edge=False)
        for row in rows:
            state = "ready" if row["installed"] else "not installed"
            table.add_row(row["name"], str(len(row["tools"])), state, row["description"])
        Console().print(table)
    with one_line_errors():
        if registry.problems:
            raise ToolsetError("\n".join(problem.message for problem in registry.problems))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the toolset.")],
    folder: Folder = PACKAGED,
    as_json: AsJson = False,
) -> None:
    """Show a toolset: its server, what that may touch, its tools and their digests."""
    with one_line_errors():
        manifest, toolset = read_toolset(folder / name)
        left_out = read_snapshot(folder / name).left_out
    if as_json:
        _print_json(_summary(toolset, manifest) | {"manifest": manifest.model_dump(mode="json"), "left_out": left_out})
    else:
        _show(manifest, toolset, left_out)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the new toolset: a-z, 0-9, - and _.")],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="-- COMMAND...", help="How the server is started, for stdio.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="In place of a command: a streamable HTTP endpoint.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Sent to the URL; {SECRET} stands for a secret.")
    ] = None,
    description: Annotated[str, typer.Option(help="One line by which steps are routed to this toolset.")] = "",
    secret: Annotated[
        list[str] | None, typer.Option(metavar="VARIABLE", help="Environment variable that the server must get.")
    ] = None,
    network: Annotated[bool, typer.Option("--network", help="Let the server reach the network.")] = False,
    read: Annotated[list[Path] | None, typer.Option(help="A further folder that the server must read.")] = None,
    root: Root = None,
    sandbox: Sandbox = None,
    folder: Folder = PACKAGED,
    as_json: AsJson = False,
) -> None:
    """Add the toolset of an MCP server: start it once, and keep its tools.

    In COMMAND, {root} stands for the workspace folder, which the server may then write to.

        dualtune toolset add notes -- node ./notes-server.js {root}
    """
    with one_line_errors():
        if (folder / name).exists():
            raise ToolsetError(f"{folder / name} is there already; remove it first, or choose another name", "name")
        manifest = draft_manifest(
            name,
            command or (),
            url=url,
            description=description,
            headers=dict(_pair(item) for item in header or ()),
            secrets=secret or (),
            network=network,
            read=read or (),
        )
        snapshot = _snapshot(manifest, root, sandbox)
        if not description:
            tools = ", ".join(tool.name for tool in snapshot.tools)
            manifest = manifest.model_copy(update={"description": f"{name}: {tools}"[:300]})
        write_toolset(folder / name, manifest, snapshot)
        toolset = snapshot.toolset(name, manifest.description)
    if as_json:
        _print_json(_summary(toolset, manifest))
        return
    _show(manifest, toolset, snapshot.left_out)
    if not description:
        tell(f"steps are routed by the description: write one line in {folder / name / 'toolset.toml'}")


@app.command()
def refresh(
    names: Annotated[list[str] | None, typer.Argument(help="Toolsets; all of them when none is named.")] = None,
    root: Root = None,
    sandbox: Sandbox = None,
    folder: Folder = PACKAGED,
    as_json: AsJson = False,
) -> None:
    """Take the snapshots of tools again from the servers, and say what changed and which adapters are stale by it."""
    changes: dict[str, Changes] = {}
    with one_line_errors():
        for name in names or sorted(path.parent.name for path in folder.glob("*/toolset.toml")):
            manifest, before = read_manifest(folder / name), _previous(folder / name)
            after = _snapshot(manifest, root, sandbox)
            changes[name] = compare(before, after) if before else Changes(added=tuple(t.name for t in after.tools))
            write_snapshot(folder / name, after)
            if not as_json:
                _show_changes(name, changes[name])
    if as_json:
        stale = {name: {"selector": c.stale_selector, "arguments": c.stale_arguments} for name, c in changes.items()}
        _print_json({name: asdict(change) | {"stale": stale[name]} for name, change in changes.items()})


def _snapshot(manifest: Manifest, root: Path | None, sandbox: BackendName | None) -> Snapshot:
    """Start the server once. Listing tools needs no secret, so one that is not set is given a stand-in."""

    async def take(chosen: Backend, workspace: Path) -> Snapshot:
        environ = dict(os.environ)
        if manifest.server.command:
            environ = dict.fromkeys(manifest.server.secrets, "unset") | environ
        async with open_session(manifest, chosen, root=workspace, environ=environ) as session:
            return take_snapshot(manifest, await session.tools())

    with progress(f"starting the {manifest.name} server") as report, tempfile.TemporaryDirectory() as empty:
        if manifest.server.package is not None:
            install(manifest.server.package.source, report)
        report(f"listing the tools of the {manifest.name} server")
        git = shutil.which("git")
        if git is not None:
            # A server that works on a repository does not start without one; to the others it is an empty folder.
            subprocess.run([git, "init", "--quiet", empty], check=False)
        return asyncio.run(take(chosen_backend(sandbox), root or Path(empty)))


def _previous(folder: Path) -> Snapshot | None:
    """The snapshot to compare with, if there is one that can be read."""
    try:
        return read_snapshot(folder)
    except ToolsetError:
        return None


def _summary(toolset: Toolset, manifest: Manifest) -> dict[str, Any]:
    package = manifest.server.package
    return {
        "name": toolset.name,
        "description": toolset.description,
        "digest": toolset.digest,
        "installed": package is None or installed(package.source),
        "tools": {tool.name: tool.digest for tool in toolset.tools},
    }


def _show(manifest: Manifest, toolset: Toolset, left_out: tuple[str, ...]) -> None:
    server, limits = manifest.server, manifest.sandbox
    facts = {
        "server": server.url or " ".join(server.command),
        "package": f"{server.package.name} {server.package.version}" if server.package else "",
        "environment": ", ".join((*server.secrets, *server.optional.values())),
        "sandbox": f"network {'yes' if limits.network else 'no'}, workspace {limits.root}, {limits.memory_mb} MiB, "
        f"{limits.processes} processes"
        if server.command
        else "",
        "may read": ", ".join(limits.read),
        "digest": toolset.digest,
        "left out": f"{len(left_out)} tools: {manifest.tools.reason.strip()}" if manifest.tools else "",
    }
    grid = Table(box=None, show_header=False, pad_edge=False)
    for label, fact in facts.items():
        if fact:
            grid.add_row(label, " ".join(fact.split()))
    tools = Table("tool", "digest", "description", box=None, pad_edge=False)
    for tool in toolset.tools:
        first = next(iter(tool.description.strip().splitlines()), "")
        tools.add_row(tool.name, tool.digest[:12], first if len(first) <= 80 else f"{first[:77]}...")
    console = Console(highlight=False, markup=False)
    console.print(f"{toolset.name}: {toolset.description}")
    console.print(grid, "", tools, sep="\n")


def _show_changes(name: str, changes: Changes) -> None:
    words = {"no longer there": changes.removed, **asdict(changes)}
    words.pop("removed")
    said = [f"{word}: {', '.join(tools)}" for word, tools in words.items() if tools]
    stale = [f"the argument adapters of {', '.join(changes.stale_arguments)}"] if changes.stale_arguments else []
    stale += ["the selector"] if changes.stale_selector else []
    said += [f"stale, if trained: {' and '.join(stale)}"] if stale else []
    Console(highlight=False, markup=False).print(f"{name}: {'; '.join(said) or 'unchanged'}", soft_wrap=True)


def _pair(item: str) -> tuple[str, str]:
    name, separator, value = item.partition("=")
    if not (name and separator):
        raise ToolsetError(f"--header {item}: write NAME=VALUE", "header")
    return name, value


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
