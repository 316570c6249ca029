"""What the training commands share: errors in one line, settings with what the flags say, JSON as an answer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from adapters import AdapterError, BaseModelError
from server.cli import CommandError
from server.settings import Settings, SettingsError, load_settings
from toolsets import ToolsetError
from toolsets.console import tell
from toolsets.sandbox import SandboxError
from training.errors import Interrupted, TrainingError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What a user can mend ends in a CommandError; a run that was asked to stop, with status 130."""
    try:
        yield
    except (TrainingError, ToolsetError, SandboxError, SettingsError, AdapterError, BaseModelError) as error:
        raise CommandError(str(error)) from error
    except Interrupted:
        tell("stopped; the same command goes on from here")
        raise typer.Exit(130) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error


def settings_with(**flags: Any) -> Settings:
    """The settings of this machine, and over them the flags that were given. Raises SettingsError."""
    file = os.environ.get("DUALTUNE_CONFIG")
    return load_settings(Path(file) if file else None, {name: value for name, value in flags.items() if value})


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
