"""The report's pictures, as SVG text that stands in the page itself."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from evaluation.report.gather import Report, Summary

_BLAME = ("route", "select", "arguments", "stop", "context", "model")
_COLOURS = {
    "route": "#7a5195",
    "select": "#ef5675",
    "arguments": "#ffa600",
    "stop": "#003f5c",
    "context": "#2f9e8f",
    "model": "#999999",
}


def plots(report: Report) -> dict[str, str]:
    """SVG by title; only pictures that have something to show."""
    drawn = {"ToolFit by model and benchmark": _toolfit(report.by_benchmark)}
    if any(summary.blame for of in report.by_benchmark.values() for summary in of.values()):
        drawn["Where failed tasks went wrong"] = _blame(report)
    drawn["ToolFit by tool"] = _by_tool(report.by_tool)
    if any(report.calibration.values()):
        drawn["How often choices of a confidence were right"] = _calibration(report)
    return drawn


def _toolfit(groups: Mapping[str, Mapping[str, Summary]]) -> str:
    figure, axis = _axes(8, 3.6)
    names = sorted({name for of in groups.values() for name in of})
    width = 0.8 / len(groups)
    for place, (model, of) in enumerate(groups.items()):
        there = [(number, of[name]) for number, name in enumerate(names) if name in of]
        known = [(number, summary) for number, summary in there if summary.toolfit is not None]
        positions = [number + (place - (len(groups) - 1) / 2) * width for number, _ in known]
        heights = [summary.toolfit or 0.0 for _, summary in known]
        # Rounding may put an end of the interval a hair on the wrong side of the mean.
        below = [max(0.0, height - (summary.low or 0.0)) for height, (_, summary) in zip(heights, known, strict=True)]
        above = [max(0.0, (summary.high or 0.0) - height) for height, (_, summary) in zip(heights, known, strict=True)]
        bars = axis.bar(positions, heights, width * 0.94, label=model, yerr=[below, above], capsize=3)
        axis.bar_label(bars, [f"{height:.1f}" for height in heights], fontsize=8, padding=2)
    axis.set(xticks=range(len(names)), xticklabels=names, ylim=(0, 109), ylabel="ToolFit (%)")
    axis.grid(axis="y", alpha=0.3)
    _legend(figure, axis)
    return _svg(figure)


def _blame(report: Report) -> str:
    rows = [(f"{model}, {name}", summary) for model, of in report.by_benchmark.items() for name, summary in of.items()]
    figure, axis = _axes(8, 1.2 + 0.4 * len(rows))
    left = [0] * len(rows)
    for stage in _BLAME:
        counts = [summary.blame.get(stage, 0) for _, summary in rows]
        axis.barh(range(len(rows)), counts, left=left, label=stage, color=_COLOURS[stage])
        left = [start + count for start, count in zip(left, counts, strict=True)]
    axis.set(yticks=range(len(rows)), yticklabels=[name for name, _ in rows], xlabel="tasks that failed, by stage")
    axis.invert_yaxis()
    _legend(figure, axis)
    return _svg(figure)


def _by_tool(groups: Mapping[str, Mapping[str, Summary]]) -> str:
    names = sorted({name for of in groups.values() for name in of})
    figure, axis = _axes(8, 1.2 + 0.32 * len(names))
    for model, of in groups.items():
        there = [(number, of[name].toolfit) for number, name in enumerate(names) if name in of]
        known = [(number, value) for number, value in there if value is not None]
        axis.plot([value for _, value in known], [number for number, _ in known], "o", label=model, alpha=0.8)
    axis.set(
        yticks=range(len(names)), yticklabels=names, xlim=(-3, 103), xlabel="ToolFit (%) of tasks that need the tool"
    )
    axis.grid(alpha=0.3)
    axis.invert_yaxis()
    _legend(figure, axis)
    return _svg(figure)


def _calibration(report: Report) -> str:
    from numpy import atleast_1d

    # With a single toolset there is nothing to route.
    stages = sorted({stage for of in report.calibration.values() for stage in of})
    figure, axes = _axes(4 * len(stages), 3.8, columns=len(stages))
    for axis, stage in zip(atleast_1d(axes), stages, strict=True):
        axis.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
        for model, of in report.calibration.items():
            if stage in of:
                bins = of[stage].bins
                label = f"{model} (error {of[stage].error:.2f})"
                axis.plot([each.confidence for each in bins], [each.right for each in bins], "o-", label=label)
        axis.set(title=stage, xlabel="confidence", ylabel="share that was right", xlim=(0, 1.02), ylim=(-0.02, 1.02))
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=7, frameon=False)
    return _svg(figure)


def _axes(width: float, height: float, *, columns: int = 1) -> Any:
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["svg.fonttype"] = "path"
    rcParams["svg.hashsalt"] = "dualtune"  # the same figures give the same file
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns)


def _legend(figure: Any, axis: Any) -> None:
    handles, names = axis.get_legend_handles_labels()
    if handles:
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6), frameon=False, fontsize=8)


def _svg(figure: Any) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    return text[text.index("<svg") :]
