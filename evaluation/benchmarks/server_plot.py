"""The picture of `evaluation.benchmarks.server`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot

from evaluation.benchmarks.server_ways import OURS

_AXES = (
    ("tokens_per_second", "Throughput", "tokens a second"),
    ("first_token_seconds", "Time to the first token", "seconds"),
)


def plot(figures: Mapping[str, Any], path: Path) -> None:
    """Write the picture: throughput and time to first token by way, with the ratios to ours beneath."""
    mpl.use("Agg")
    picture, axes = pyplot.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    for axis, (measure, title, unit) in zip(axes, _AXES, strict=True):
        _bars(axis, figures["by_clients"], measure, title, unit)
    load = figures["load"]
    picture.suptitle(
        f"{figures['model']}, {figures['engine']}, {figures['machine']['cores']} cores: "
        f"answers of {load['tokens']} tokens, medians of {load['rounds']} rounds"
    )
    handles, names = axes[0].get_legend_handles_labels()
    picture.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    partial = path.with_name(f".{path.name}")
    picture.savefig(partial, dpi=110, format="png")
    pyplot.close(picture)
    partial.replace(path)


def _bars(axis: Any, rows: list[Mapping[str, Any]], measure: str, title: str, unit: str) -> None:
    names = list(rows[0][measure])
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        positions = [number + (place - (len(names) - 1) / 2) * width for number in range(len(rows))]
        axis.bar(positions, [row[measure][name] for row in rows], width, label=name)
    labels = []
    for row in rows:
        ratios = [f"{ratio['median']:.2f} x {name}" for name, ratio in row[f"{measure}_ratio"].items()]
        labels.append("\n".join([f"clients: {row['clients']}", f"{OURS} is", *ratios]))
    axis.set(title=title, ylabel=unit, xticks=range(len(rows)))
    axis.set_xticklabels(labels, fontsize=8)
    axis.grid(axis="y", alpha=0.3)
