"""`dualtune demo` with the shipped adapters: what a newcomer sees first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.serving import ended, free_port

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("servers", "sandbox")]


def test_the_user_is_told_what_the_tools_returned_and_sees_the_workspace_change(tmp_path: Path) -> None:
    done = ended(tmp_path, "demo", "--base-url", f"http://127.0.0.1:{free_port()}/v1", limit=400)
    assert done.returncode == 0, done.stderr
    assert "2024 harvest.csv, 2025 harvest.csv" in done.stdout.splitlines()[0], done.stdout
    assert "Mon Ruth\nWed Femi\nFri Ruth\nSun whoever is there" in done.stdout
    # How the last task's second step ends may hang on the last digits of a machine's sums; its first makes the folder.
    assert "  archive/" in done.stderr.rpartition("The workspace is now:\n")[2].splitlines(), done.stderr
