"""`dualtune train` on the command line, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from toolsets.model import Toolset
from training.commands import app

QUICK = ["rank=2", "epochs=1", "precision=float32", "target_modules=['q_proj']"]


def write_toolset(folder: Path, toolset: Toolset) -> None:
    place = folder / toolset.name
    place.mkdir(parents=True)
    (place / "toolset.toml").write_text(
        f'name = "{toolset.name}"\ndescription = "{toolset.description}"\n[server]\ncommand = ["true"]\n'
    )
    tools = [{"name": t.name, "description": t.description, "inputSchema": t.parameters} for t in toolset.tools]
    (place / "tools.json").write_text(json.dumps({"digest": toolset.digest, "tools": tools}))


def train(*arguments: str) -> str:
    """What the command prints to standard output. Raises what it raises."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def settings(*items: str) -> list[str]:
    return [part for item in items for part in ("--set", item)]


def fit(*arguments: str) -> Any:
    return json.loads(
        train("fit", "t.jsonl", "--run", "run", "--test-tasks", "0", *settings(*QUICK), "--json", *arguments)
    )
