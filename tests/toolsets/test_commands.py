"""`dualtune toolset`, as a user and as a script calls it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import toolsets
from toolsets import Registry
from toolsets.commands import app

SHIPPED = Path(toolsets.__file__).parent
STUB = Path(__file__).with_name("stub_server.py")
PATH = {"type": "object", "properties": {"path": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"path": {"type": "number"}}}


def run(*words: str | Path, status: int = 0) -> tuple[str, str]:
    """What the command writes to standard output and to standard error."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == status, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toolsets").mkdir()
    return tmp_path / "toolsets"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """The folder by which the stub server is told what tools it has."""
    (tmp_path / "server").mkdir()
    return tmp_path / "server"


def offer(server: Path, **schemas: Any) -> None:
    (server / "schemas").write_text(json.dumps(schemas))


def add(folder: Path, server: Path, *options: str, status: int = 0) -> tuple[str, str]:
    fixed: list[str | Path] = ["--folder", folder, "--sandbox", "none"]
    return run("add", "stub", *fixed, *options, "--", sys.executable, STUB, server, status=status)


def test_the_shipped_toolsets_are_listed() -> None:
    out, err = run("list")
    assert err == ""
    assert [line.split()[:2] for line in out.splitlines() if "ready" in line or "not installed" in line] == [
        [name, str(len(toolset.tools))] for name, toolset in sorted(Registry.load(SHIPPED).toolsets.items())
    ]


def test_a_script_gets_names_and_digests_as_json() -> None:
    rows = json.loads(run("list", "--json")[0])
    registry = Registry.load(SHIPPED)
    assert {row["name"]: row["digest"] for row in rows} == {n: t.digest for n, t in registry.toolsets.items()}
    shown = json.loads(run("show", "time", "--json")[0])
    assert shown["tools"] == {tool.name: tool.digest for tool in registry.toolsets["time"].tools}
    assert shown["manifest"]["server"]["package"] == {
        "source": "python",
        "name": "mcp-server-time",
        "version": registry.manifests["time"].server.package.version,  # type: ignore[union-attr]
    }


def test_show_says_what_a_server_is_given_and_what_is_left_out() -> None:
    out, _ = run("show", "notion")
    said = " ".join(out.split())
    assert "environment NOTION_TOKEN, NOTION_BASE_URL" in said
    assert "sandbox network yes, workspace none, 1024 MiB, 64 processes" in said
    assert "left out 15 tools: Nine of the server's tools" in said
    assert "API-post-search" in said


def test_a_broken_toolset_is_told_in_one_line_and_the_others_are_listed(folder: Path) -> None:
    shutil.copytree(SHIPPED / "time", folder / "time")
    (folder / "broken").mkdir()
    (folder / "broken" / "toolset.toml").write_text("name = 3")
    out, err = run("list", "--folder", folder, status=1)
    assert "convert times" in out
    assert err.splitlines() == [f"dualtune: {folder}/broken/toolset.toml: name: Input should be a valid string"]


@pytest.mark.parametrize("words", [["show", "nothing"], ["refresh", "nothing"]])
def test_a_toolset_that_is_not_there_is_told_in_one_line(words: list[str], folder: Path) -> None:
    out, err = run(*words, "--folder", folder, status=1)
    assert out == ""
    assert err == f"dualtune: {folder}/nothing/toolset.toml is missing\n"


def test_a_server_is_added_with_its_tools(folder: Path, server: Path) -> None:
    offer(server, read=PATH, write=PATH)
    out, err = add(folder, server, "--description", "Reads and writes.", "--secret", "STUB_TOKEN")
    registry = Registry.load(folder)
    assert registry.problems == ()
    assert [tool.name for tool in registry.toolsets["stub"].tools] == ["read", "write"]
    assert registry.manifests["stub"].server.secrets == ("STUB_TOKEN",)
    assert "Reads and writes." in out
    assert "description" not in err


def test_without_a_description_the_tools_stand_in_and_the_user_is_told(folder: Path, server: Path) -> None:
    offer(server, read=PATH)
    _, err = add(folder, server)
    assert Registry.load(folder).toolsets["stub"].description == "stub: read"
    assert f"write one line in {folder}/stub/toolset.toml" in err


def test_nothing_is_left_of_a_server_that_does_not_start(folder: Path, server: Path) -> None:
    (server / "broken").touch()
    out, err = add(folder, server, status=1)
    assert out == ""
    assert "dualtune: the stub server did not start" in err
    assert "the licence has run out" in err
    assert list(folder.iterdir()) == []


def test_a_name_that_is_taken_is_refused_before_anything_starts(folder: Path, server: Path) -> None:
    (folder / "stub").mkdir()
    _, err = add(folder, server, status=1)
    assert err == f"dualtune: {folder}/stub is there already; remove it first, or choose another name\n"
    assert list(server.iterdir()) == []


def test_a_header_without_a_value_is_refused() -> None:
    _, err = run("add", "web", "--url", "https://x.example/mcp", "--header", "X-Key", status=1)
    assert err == "dualtune: --header X-Key: write NAME=VALUE\n"


def test_refresh_says_what_changed_and_what_is_stale(folder: Path, server: Path) -> None:
    offer(server, read=PATH, write=PATH, move=PATH)
    add(folder, server)
    before = Registry.load(folder).toolsets["stub"].digest
    assert run("refresh", "stub", "--folder", folder, "--sandbox", "none")[0] == "stub: unchanged\n"

    offer(server, read=PATH, write=NUMBER, copy=PATH)
    out, _ = run("refresh", "--folder", folder, "--sandbox", "none")
    assert out == (
        "stub: no longer there: move; added: copy; changed: write; "
        "stale, if trained: the argument adapters of move, write and the selector\n"
    )
    after = Registry.load(folder)
    assert after.problems == ()
    assert after.toolsets["stub"].digest != before

    offer(server, read=PATH | {"title": "Read"}, write=NUMBER, copy=PATH)
    out, _ = run("refresh", "--folder", folder, "--sandbox", "none", "--json")
    assert json.loads(out) == {
        "stub": {
            "added": [],
            "removed": [],
            "changed": [],
            "reworded": ["read"],
            "unlisted": [],
            "stale": {"selector": False, "arguments": []},
        }
    }


def test_refresh_makes_a_snapshot_that_is_missing_or_unreadable(folder: Path, server: Path) -> None:
    offer(server, read=PATH)
    add(folder, server)
    (folder / "stub" / "tools.json").write_text("{")
    assert "added: read" in run("refresh", "--folder", folder, "--sandbox", "none")[0]
    assert Registry.load(folder).problems == ()


def test_a_snapshot_is_kept_when_the_new_one_cannot_be_taken(folder: Path, server: Path) -> None:
    offer(server, read=PATH)
    add(folder, server)
    (server / "broken").touch()
    run("refresh", "--folder", folder, "--sandbox", "none", status=1)
    assert Registry.load(folder).problems == ()


@pytest.mark.parametrize("words", [[], ["add"], ["list"], ["show"], ["refresh"], ["install"]])
def test_every_command_explains_itself(words: list[str]) -> None:
    out, _ = run(*words, "--help")
    assert "Usage:" in out


def test_installing_what_is_installed_says_nothing(servers: None) -> None:
    assert run("install") == ("", "")
