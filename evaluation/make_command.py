"""`dualtune eval make-tasks`."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer

from evaluation.console import one_line_errors
from evaluation.errors import EvaluationError
from evaluation.options import Sandbox
from evaluation.tasks import SHIPPED, digest, write_tasks
from toolsets import Registry
from toolsets.console import tell
from toolsets.registry import PACKAGED
from toolsets.sandbox import chosen_backend


def make_tasks(
    kind: Annotated[Literal["mcpbench", "testset"], typer.Argument(help="Which tasks to make.")],
    toolset: Annotated[str, typer.Argument(help="Whose tasks: filesystem, notion or monday.")] = "filesystem",
    out: Annotated[Path, typer.Option(help="Where the files go.", show_default="the shipped tasks")] = SHIPPED,
    demonstrations: Annotated[
        Path | None, typer.Option(help="For the testset: the demonstrations of the offline teacher.")
    ] = None,
    split: Annotated[
        Path | None, typer.Option(help="For the testset: their split.", show_default="made with its defaults")
    ] = None,
    sandbox: Sandbox = None,
) -> None:
    """Make a toolset's tasks anew: from scenarios, or from demonstrations that were held out of training."""
    from evaluation.tasks import mcpbench, testset
    from training.split import read_split
    from training.split import split as made_split
    from training.trajectory import read_demonstrations

    with one_line_errors():
        registry, chosen = Registry.load(PACKAGED), chosen_backend(sandbox)
        if kind == "mcpbench":
            tasks = asyncio.run(mcpbench.make(toolset, registry, chosen, tell))
        else:
            if demonstrations is None:
                raise EvaluationError("the testset is made of demonstrations; name their file", "demonstrations")
            made = read_demonstrations(demonstrations)
            parted = read_split(split, [each.id for each in made]) if split else made_split(made)
            dropped: Counter[str] = Counter()
            tasks = asyncio.run(testset.make(toolset, made, parted, registry, chosen, dropped=dropped))
            for reason, count in dropped.items():
                tell(f"left out {count}: {reason}")
        write_tasks(out / f"{toolset}-{kind}.jsonl", tasks)
        typer.echo(f"{len(tasks)} tasks, digest {digest(tasks)}")
