"""The `dualtune` command: subcommands from the entry points of the group `dualtune.commands`.

They are looked up by name, so that a package above the server can add its own without being imported here, and only
the one that is called is imported.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from rich.console import Console

from server import __version__


class _Commands(typer.core.TyperGroup):
    """A command group that imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(point.name for point in _points())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        point = next((point for point in _points() if point.name == cmd_name), None)
        if point is None:
            return None
        loaded = point.load()
        if isinstance(loaded, typer.Typer):
            command: Any = typer.main.get_command(loaded)
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(name=cmd_name)(loaded)
            command = typer.main.get_command(app)
        command.name = cmd_name
        return command


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group="dualtune.commands"))


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Small models that call tools well, on your own machine.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)  # noqa: T201 - this is the answer
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; what a user can mend ends in one line, not in a traceback."""
    try:
        app()
    except CommandError as error:
        Console(stderr=True, highlight=False).print(f"dualtune: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)


class CommandError(Exception):
    """A command cannot go on; the message is one line and names the remedy."""
