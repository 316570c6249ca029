"""`report.html` in a run's folder: what was trained on, what each adapter learnt, and what took how long.

One page that stands alone. It is made of the run's manifest and the adapters' histories, so it can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from adapters.files import write_whole
from training.errors import TrainingError
from training.history import Epoch
from training.run import RunFolder, RunManifest, Trained


@dataclass(frozen=True)
class Learnt:
    """An adapter with all its epochs; of what adapters share, the last alone."""

    name: str
    trained: Trained
    history: Sequence[Epoch]


@dataclass(frozen=True)
class Stage:
    """`part` is of the longest stage's time, from 0 to 1."""

    name: str
    seconds: float
    part: float


def write_report(folder: Path) -> Path:
    """Write the page of the run that is there, whole or not at all. Returns its path. Raises TrainingError."""
    run = RunFolder(folder)
    manifest, page = run.manifest(), folder / "report.html"
    write_whole(page, render(manifest, list(_learnt(run, manifest))))
    return page


def render(manifest: RunManifest, learnt: Sequence[Learnt]) -> str:
    """The page, as HTML. Names and reasons are text in it, never markup."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = duration
    template = environment.from_string(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    return template.render(run=manifest, learnt=learnt, stages=stages(manifest), total=sum(manifest.seconds.values()))


def stages(manifest: RunManifest) -> list[Stage]:
    """What came before training, and then training, adapter by adapter."""
    seconds = {name: value for name, value in manifest.seconds.items() if name != "adapters"}
    seconds |= {f"{toolset}: all arguments": trained.seconds for toolset, trained in manifest.shared.items()}
    seconds |= {name: trained.seconds for name, trained in manifest.adapters.items()}
    longest = max(seconds.values(), default=0.0) or 1.0
    return [Stage(name, value, value / longest) for name, value in seconds.items()]


def duration(seconds: float) -> str:
    """For people: `47 s`, `12 min 05 s`, `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _learnt(run: RunFolder, manifest: RunManifest) -> Iterator[Learnt]:
    for toolset, shared in manifest.shared.items():
        yield Learnt(f"{toolset}: all arguments", shared, [shared.metrics])
    for name, trained in manifest.adapters.items():
        file = run.adapter(name) / "history.json"
        try:
            yield Learnt(name, trained, json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise TrainingError(f"{file} cannot be read: {error}; train {name} again", "run") from None
