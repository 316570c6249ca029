"""The report's files: `report.html`, which stands alone, and `report.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from adapters.files import write_whole
from evaluation.report.gather import Report, Row
from evaluation.report.plots import plots
from evaluation.tasks import Requirement

_LONGEST = 160


def write_report(report: Report, folder: Path, title: str) -> Path:
    """Write both files into `folder`, each whole or not at all. Returns the page."""
    page = folder / "report.html"
    write_whole(page, render(report, title))
    write_whole(folder / "report.json", json.dumps(as_json(report), indent=1, ensure_ascii=False) + "\n")
    return page


def render(report: Report, title: str) -> str:
    """The page. Everything of the runs is text in it: what a model wrote is never markup."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"requirement": _requirement, "stages": _stages}
    template = environment.from_string(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    # The pictures are our own; matplotlib escapes the names in them.
    drawn = {name: Markup(svg) for name, svg in plots(report).items()}
    return template.render(report=report, title=title, plots=drawn, judged=any(row.llm for row in report.rows))


def as_json(report: Report) -> dict[str, Any]:
    """All figures; of the runs their scores, not their trajectories."""
    value = {
        field.name: getattr(report, field.name)
        for field in fields(report)
        if field.name not in ("outside", "rows", "settings")
    }
    return {
        "settings": report.settings.model_dump(mode="json"),
        **{name: _plain(part) for name, part in value.items()},
        "outside": [record.model_dump(mode="json") for record in report.outside],
        "runs": [_row(row) for row in report.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "model": row.model,
        "task": row.task.id,
        "benchmark": row.task.benchmark,
        "outcome": row.evidence.trajectory.outcome,
        "verdict": asdict(row.verdict) if row.verdict else None,
        "llm_score": row.llm.score if row.llm else None,
        "blame": row.blame,
        "measures": asdict(row.measures),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _requirement(requirement: Requirement) -> str:
    values = requirement.model_dump(exclude={"kind"})
    text = ", ".join(f"{name} {value!r}" for name, value in values.items())
    return f"{requirement.kind}: {text}"[:_LONGEST]


def _stages(reports: Iterable[Mapping[str, Any]]) -> str:
    said = []
    for report in reports:
        sure = f" {report['confidence']:.0%}" if report.get("confidence") is not None else ""
        said.append(f"{report.get('stage')} {report.get('choice') or ''}{sure}".strip())
    return " → ".join(said)
