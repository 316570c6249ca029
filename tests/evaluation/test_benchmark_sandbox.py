"""The measurement of what sandboxes cost measures every way that works here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evaluation.benchmarks import sandbox
from toolsets.sandbox import probe

pytestmark = pytest.mark.usefixtures("servers")


def test_every_sandbox_that_works_here_is_compared_with_the_bare_server(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(sandbox.main)
    out = tmp_path / "figures.json"
    result = CliRunner().invoke(app, [str(out), "--rounds", "1", "--calls", "3"])
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    working = {f"session, {fact.name}" for fact in probe() if fact.works}
    assert report["costs"].keys() == {"bare server", "session, no sandbox", *working}
    assert report["not_measured"].keys() == {fact.name for fact in probe() if not fact.works}
    bare = report["costs"]["bare server"]
    assert (bare["start_ratio"], bare["call_ratio"]) == (1.0, 1.0)
    for cost in report["costs"].values():
        assert cost["start_ratio"] == pytest.approx(cost["start_seconds"] / bare["start_seconds"])
        assert cost["call_ratio"] == pytest.approx(cost["call_seconds"] / bare["call_seconds"])
    assert list(tmp_path.iterdir()) == [out]
