"""The page of a training run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import BaseModelId
from training.errors import TrainingError
from training.report import Stage, duration, stages, write_report
from training.run import Origin, RunFolder, RunManifest, Taught, Teaching, Trained
from training.settings import Hyperparameters

HISTORY = [
    {"epoch": 1.0, "loss": 0.9, "validation_loss": 0.7, "validation_exact": 0.25, "seconds": 40.0},
    {"epoch": 2.0, "loss": 0.5, "validation_loss": 0.6, "validation_exact": 0.5, "seconds": 80.0},
]
METRICS = {name: value for name, value in HISTORY[1].items() if name != "seconds"}


def trained(seconds: float) -> Trained:
    return Trained(examples=1200, validation_examples=300, metrics=METRICS, seconds=seconds)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    manifest = RunManifest(
        created=datetime(2026, 5, 1, 12, 30, tzinfo=UTC),
        versions={"dualtune": "0.1.0"},
        origin=Origin(
            base_model=BaseModelId(name="tiny<b>", digest="a" * 64),
            toolsets={"files": "b" * 64},
            trajectories={"trajectories.jsonl": "c" * 64},
            hyperparameters=Hyperparameters(),
        ),
        teaching=Teaching(teacher="tutor", url="http://teacher/v1", count=4, seed=0),
        taught=Taught(
            trajectories=16, trajectories_discarded={"a <late> call": 2}, input_tokens=1000, output_tokens=10, cost=1.5
        ),
        demonstrations={"train": 10, "validation": 4, "test": 2, "unused": 0},
        shared={"files": trained(100.0)},
        adapters={"files/selector": trained(80.0)},
        without_examples=["files/arguments/read"],
        seconds={"trajectories": 200.0, "prefixes": 50.0, "adapters": 180.0},
    )
    folder = RunFolder(tmp_path)
    folder.write(manifest)
    folder.adapter("files/selector").mkdir(parents=True)
    (folder.adapter("files/selector") / "history.json").write_text(json.dumps(HISTORY))
    return tmp_path


def text_of(page: Path) -> str:
    body = page.read_text(encoding="utf-8").partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_the_page_says_what_each_adapter_learnt_and_of_what(run: Path) -> None:
    text = text_of(write_report(run))
    assert "files/selector 1,200 300 0.900 → 0.500 0.700 → 0.600 50.0 %" in text
    assert "files: all arguments 1,200 300 0.500 0.600 50.0 %" in text
    assert "1 adapter, 7 min 10 s in all, begun 2026-05-01 12:30 UTC" in text
    assert "tutor at http://teacher/v1, 4 requests a tool, seed 0" in text
    assert "1,000 in, 10 out, cost 1.50" in text
    assert "train 10; validation 4; test 2; unused 0" in text
    assert "files/arguments/read was not trained" in text


def test_names_and_reasons_are_no_markup_and_the_page_loads_nothing(run: Path) -> None:
    page = write_report(run).read_text(encoding="utf-8")
    assert "tiny&lt;b&gt;" in page and "a &lt;late&gt; call" in page and "<b>" not in page
    assert "default-src 'none'" in page and "src=" not in page and "<link" not in page


def test_the_time_of_training_is_shown_by_adapter_and_never_twice(run: Path) -> None:
    assert stages(RunFolder(run).manifest()) == [
        Stage("trajectories", 200.0, 1.0),
        Stage("prefixes", 50.0, 0.25),
        Stage("files: all arguments", 100.0, 0.5),
        Stage("files/selector", 80.0, 0.4),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (725, "12 min 05 s"),
        (3600, "1 h 00 min"),
        (3725, "1 h 02 min"),
    ],
)
def test_a_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_folder_without_a_run_and_an_adapter_without_its_epochs_are_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere is not the folder of a training run"):
        write_report(tmp_path / "nowhere")
    (RunFolder(run).adapter("files/selector") / "history.json").unlink()
    with pytest.raises(TrainingError, match=r"history\.json cannot be read: .*; train files/selector again"):
        write_report(run)
    assert not (run / "report.html").exists()
