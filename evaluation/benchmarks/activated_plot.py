"""The picture of `evaluation.benchmarks.activated`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot


def plot(figures: Mapping[str, Any], path: Path) -> None:
    """Write the picture: seconds by length for a first and a later step, and the ratio under load."""
    mpl.use("Agg")
    picture, axes = pyplot.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    for axis, step in zip(axes, ("first step", "later step"), strict=False):
        _by_length(axis, [row for row in figures["by_length"] if row["step"] == step], step)
    _by_load(axes[2], figures["by_load"])
    picture.suptitle(f"A staged call with activated adapters: {figures['model']}, rank {figures['rank']}, CPU")
    partial = path.with_name(f".{path.name}")
    picture.savefig(partial, dpi=110, format="png")
    pyplot.close(picture)
    partial.replace(path)


def _by_length(axis: Any, rows: Sequence[Mapping[str, Any]], step: str) -> None:
    for way in rows[0]["seconds"]:
        axis.plot([row["conversation_tokens"] for row in rows], [row["seconds"][way] for row in rows], "o-", label=way)
    axis.set(title=step.capitalize(), xlabel="tokens of conversation", ylabel="seconds a call", yscale="log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)


def _by_load(axis: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    for adapters in sorted({row["adapters"] for row in rows}):
        some = [row for row in rows if row["adapters"] == adapters]
        axis.plot([row["clients"] for row in some], [row["ratio"] for row in some], "o-", label=f"adapters: {adapters}")
    axis.set(title="Under load, 500 tokens", xlabel="calls at once", ylabel="activated / LoRA on stock vLLM")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
