"""Options that several training commands have, and hyper-parameters as they are given on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from toolsets.manifest import first_problem
from training.errors import TrainingError
from training.settings import Hyperparameters

Model = Annotated[str | None, typer.Option(help="Base model: a folder or a hub id.", show_default="as for serving")]
Toolsets = Annotated[list[Path] | None, typer.Option(help="Folder of toolsets; may be given again.")]
AdapterNames = Annotated[
    list[str] | None,
    typer.Option(
        "--adapter",
        metavar="NAME",
        help="`selector`, `arguments/TOOL`, `traditional` or `router`, with `TOOLSET/` before it where there are "
        "several; may be given again.",
        show_default="the selector and the arguments of every tool",
    ),
]
OnlyMissing = Annotated[
    bool, typer.Option("--missing", help="Only adapters that the store lacks, or has for tools as they were.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help=f"A hyper-parameter: {', '.join(Hyperparameters.model_fields)}; may be given again.",
    ),
]
MaxTokens = Annotated[int, typer.Option(min=16, help="Leave out examples that are longer.")]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn at random.")]
TestTasks = Annotated[int, typer.Option(min=0, help="Tasks of each toolset to hold out for the test.")]
HoldOut = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Never train on phrasings that are in this file: an earlier run's test.jsonl, or a TestSet's tasks.",
    ),
]
CacheGib = Annotated[
    float, typer.Option(min=0, help="Disk for the states of conversations while the run lasts, in GiB.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
ServerUrl = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="A running server that is to load them at once.")
]
StoreFolder = Annotated[Path | None, typer.Option("--adapters", help="The adapter store.")]

GIB = 2**30
CACHE_GIB = 20.0


def hyperparameters(items: Iterable[str]) -> Hyperparameters:
    """What NAME=VALUE items give. Raises TrainingError naming the one at fault."""
    values: dict[str, Any] = {}
    for item in items:
        name, separator, text = item.partition("=")
        if not separator:
            raise TrainingError(f"--set {item}: write NAME=VALUE, for example --set epochs=2", "set")
        values[name] = _value(text)
    try:
        return Hyperparameters.model_validate(values)
    except ValidationError as error:
        name, problem = first_problem(error)
        raise TrainingError(f"--set {name}: {problem}", name) from None


def _value(text: str) -> Any:
    """As TOML has it, but that words need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
