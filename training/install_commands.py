"""`dualtune train install` and `mean`: what was trained, put in the store."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from training.console import one_line_errors, settings_with
from training.deploy import deploy
from training.options import Model, ServerUrl, StoreFolder
from training.run import RunFolder


def install(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    model: Model = None,
    adapters: StoreFolder = None,
    server: ServerUrl = None,
) -> None:
    """Copy the adapters of a run to the store and, with --server, let a running server load them."""
    with one_line_errors():
        deploy(RunFolder(run).adapters(), settings_with(model=model, adapters=adapters), server)


def mean(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Where adapters lie: folders `adapters` of runs, or that of a base model in the store."),
    ],
    model: Model = None,
    adapters: StoreFolder = None,
    server: ServerUrl = None,
) -> None:
    """Make one of the adapters of the same name in several folders, the mean of what they do, and install it.

    Trained on from the same adapter on other data, they are often better together than each alone.

        dualtune train mean adapters/SmolLM2-135M-Instruct runs/chains/adapters --adapters together
    """
    with one_line_errors(), TemporaryDirectory() as out:
        from training.mean import write_means

        deploy(write_means(folders, Path(out)), settings_with(model=model, adapters=adapters), server)
