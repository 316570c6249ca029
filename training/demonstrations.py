"""`dualtune train demonstrations`: demonstrations from hand-written intents, without a model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from toolsets import Toolset
from toolsets.console import stderr, tell
from toolsets.manifest import Manifest
from toolsets.sandbox import best_backend
from training.console import one_line_errors, print_json, settings_with
from training.display import Display
from training.errors import TrainingError
from training.interrupt import stop_on_signal
from training.lookup import find_toolset
from training.offline.bank import read_bank
from training.offline.generate import Source
from training.offline.growing import grow, made_before
from training.trajectory import Demonstration


def demonstrations(
    toolset: Annotated[str, typer.Argument(help="The toolset, for example filesystem.")],
    out: Annotated[Path, typer.Option(help="The file, new or one to go on with (JSON lines).")],
    count: Annotated[int, typer.Option(min=1, help="How many demonstrations the file is to have.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same demonstrations.")] = 0,
    category: Annotated[
        list[str] | None,
        typer.Option(help="Only requests for this tool, or of this kind (several, none, ...); may be given again."),
    ] = None,
    toolsets: Annotated[list[Path] | None, typer.Option(help="Folder of toolsets; may be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Carry out hand-written requests on the toolset's own server, in workspaces made for it, and write down how.

    Needs no model and no network. Ctrl-C stops; the same command goes on from there.

        dualtune train demonstrations filesystem --count 12000 --out filesystem.jsonl
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        source = source_of(*find_toolset(toolset, settings_with(toolsets=toolsets).toolsets), category or ())
        with Display(stderr()) as display:
            found, new, dropped = demonstrate(source, out, count, seed, display, should_stop)
    if as_json:
        print_json(_summary(found, new, dropped))


def source_of(toolset: Toolset, manifest: Manifest, categories: Collection[str] = ()) -> Source:
    """Of all categories, or of those. Raises TrainingError where nobody has written intents for the toolset."""
    source = Source(toolset, manifest, best_backend(), read_bank(toolset.name), frozenset(categories))
    if unknown := source.categories - source.all_shares.keys():
        there = ", ".join(source.all_shares)
        raise TrainingError(f"--category {min(unknown)}: {toolset.name} has: {there}", "category")
    return source


def demonstrate(
    source: Source, out: Path, count: int, seed: int, display: Display, should_stop: Callable[[], bool]
) -> tuple[list[Demonstration], int, Counter[str]]:
    """Let the file grow to `count`. Gives all that it has, how many are new, and what was discarded, by reason.

    Raises Interrupted, TrainingError and ToolsetError.
    """
    made = made_before(out, source, seed)
    dropped: Counter[str] = Counter()
    with out.open("a", encoding="utf-8") as file:
        display.begin("demonstrations", count)
        display.update(len(made))
        found = asyncio.run(
            grow(
                file,
                source,
                count,
                seed,
                made=made,
                dropped=dropped,
                show=lambda done: display.update(done, f"{dropped.total()} attempts discarded"),
                should_stop=should_stop,
            )
        )
    new = len(found) - len(made)
    display.end(f"{out}: {len(found)} demonstrations, {new} of them new")
    return found, new, dropped


def _summary(found: Sequence[Demonstration], new: int, dropped: Counter[str]) -> dict[str, Any]:
    """`discarded` counts attempts of this run only; each request has a few, in the workspace that is there."""
    steps = [step for demonstration in found for step in demonstration.trajectory.steps]
    return {
        "demonstrations": len(found),
        "new": new,
        "templates": len({demonstration.template for demonstration in found}),
        "steps": len(steps),
        "tasks": _counts(demonstration.tool or "none" for demonstration in found),
        "calls": _counts(seen.tool or "none" for step in steps for seen in step.calls),
        "discarded": _counts(dropped.elements()),
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    """By name, the most frequent first."""
    return dict(Counter(names).most_common())
