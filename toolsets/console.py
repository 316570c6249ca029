"""What the commands share: errors in one line, progress on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from toolsets.model import ToolsetError
from toolsets.sandbox import SandboxError


def stderr() -> Console:
    """Standard error, for everything but a command's answer."""
    return Console(stderr=True, highlight=False, markup=False)


def tell(message: str) -> None:
    stderr().print(message, soft_wrap=True)


@contextmanager
def progress(first: str) -> Iterator[Callable[[str], None]]:
    """A line that is alive while the work goes on; plain lines where standard error is no terminal."""
    console = stderr()
    if not console.is_terminal:
        yield tell
        return
    with console.status(first) as status:
        yield status.update


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What a user can mend is said without a traceback, and ends the command with status 1."""
    try:
        yield
    except (ToolsetError, SandboxError) as error:
        tell(f"dualtune: {error}")
        raise typer.Exit(1) from None
    except OSError as error:
        tell(f"dualtune: {error.filename}: {error.strerror}")
        raise typer.Exit(1) from None
