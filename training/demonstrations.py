"""`dualtune train demonstrations`: demonstrations from hand-written intents, without a model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from toolsets import Registry
from toolsets.console import stderr, tell
from toolsets.sandbox import best_backend
from training.console import one_line_errors, print_json, settings_with
from training.display import Display
from training.errors import TrainingError
from training.interrupt import stop_on_signal
from training.offline.bank import read_bank
from training.offline.generate import Source
from training.offline.growing import grow, made_before
from training.trajectory import Demonstration


def demonstrations(
    toolset: Annotated[str, typer.Argument(help="The toolset, for example filesystem.")],
    out: Annotated[Path, typer.Option(help="The file, new or one to go on with (JSON lines).")],
    count: Annotated[int, typer.Option(min=1, help="How many demonstrations the file is to have.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same demonstrations.")] = 0,
    toolsets: Annotated[list[Path] | None, typer.Option(help="Folder of toolsets; may be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Carry out hand-written requests on the toolset's own server, in workspaces made for it, and write down how.

    Needs no model and no network. Ctrl-C stops; the same command goes on from there.

        dualtune train demonstrations filesystem --count 12000 --out filesystem.jsonl
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        source = _source(toolset, settings_with(toolsets=toolsets).toolsets)
        made = made_before(out, source, seed)
        dropped: Counter[str] = Counter()
        with Display(stderr()) as display, out.open("a", encoding="utf-8") as file:
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
            display.end(f"{out}: {len(found)} demonstrations, {len(found) - len(made)} of them new")
    if as_json:
        print_json(_summary(found, len(found) - len(made), dropped))


def _source(toolset: str, folders: Iterable[Path]) -> Source:
    """Raises TrainingError where there is no such toolset, or nothing was written for it."""
    registry = Registry.load(*folders)
    if toolset not in registry.toolsets:
        known = ", ".join(sorted(registry.toolsets)) or "none"
        raise TrainingError(f"there is no toolset {toolset!r}; there are: {known}", "toolset")
    bank = read_bank(toolset)
    return Source(registry.toolsets[toolset], registry.manifests[toolset], best_backend(), bank)


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
