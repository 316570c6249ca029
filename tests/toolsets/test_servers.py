"""The real servers, in the sandbox: their snapshots, and every shipped tool that needs no remote service.

The tools of Notion and monday.com are called in the evaluation's tests, against stand-ins of the services.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import toolsets
from toolsets import Registry
from toolsets.launch import open_session
from toolsets.manifest import read_snapshot
from toolsets.sandbox import Backend
from toolsets.session import Session
from toolsets.snapshot import take_snapshot

SHIPPED = Path(toolsets.__file__).parent
REGISTRY = Registry.load(SHIPPED)
WAIT = 120.0
SECRETS = {"NOTION_TOKEN": "none", "MONDAY_TOKEN": "none"}

pytestmark = pytest.mark.usefixtures("servers")


@asynccontextmanager
async def running(name: str, sandbox: Backend, root: Path) -> AsyncIterator[Session]:
    async with asyncio.timeout(WAIT):
        async with open_session(REGISTRY.manifests[name], sandbox, root=root, environ=SECRETS) as session:
            yield session


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A git repository with one commit, one branch more, and one change."""
    root = tmp_path / "work space"
    (root / "reports").mkdir(parents=True)
    (root / "notes.txt").write_text("first\nsecond\nthird\n")
    (root / "reports" / "märz.txt").write_text("a report\n")
    for words in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["config", "user.name", "Ada"],
        ["config", "user.email", "ada@example.com"],
        ["add", "."],
        ["commit", "--quiet", "--message", "The first notes"],
        ["branch", "draft"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True)
    (root / "notes.txt").write_text("first\nsecond\nthird\nfourth\n")
    return root


@pytest.mark.parametrize("name", sorted(REGISTRY.toolsets))
async def test_the_snapshot_is_what_the_server_offers(name: str, sandbox: Backend, workspace: Path) -> None:
    async with running(name, sandbox, workspace) as session:
        taken = take_snapshot(REGISTRY.manifests[name], await session.tools())
    assert taken == read_snapshot(SHIPPED / name)


Case = tuple[str, Mapping[str, Any], str]
"""A tool, its arguments (`{root}` is the workspace), and a part of the answer."""

GOOD: dict[str, list[Case]] = {
    "filesystem": [
        ("list_allowed_directories", {}, "{root}"),
        ("list_directory", {"path": "{root}"}, "[DIR] reports"),
        ("list_directory_with_sizes", {"path": "{root}", "sortBy": "size"}, "[FILE] notes.txt"),
        ("directory_tree", {"path": "{root}", "excludePatterns": [".git"]}, "märz.txt"),
        ("search_files", {"path": "{root}", "pattern": "**/*.txt"}, "{root}/reports/märz.txt"),
        ("get_file_info", {"path": "{root}/notes.txt"}, "isFile: true"),
        ("read_text_file", {"path": "{root}/notes.txt", "head": 1}, "first"),
        ("read_multiple_files", {"paths": ["{root}/notes.txt", "{root}/gone"]}, "ENOENT"),
        ("create_directory", {"path": "{root}/a/b"}, "Successfully created"),
        ("write_file", {"path": "{root}/a/b/ü.txt", "content": "old"}, "Successfully wrote"),
        ("edit_file", {"path": "{root}/a/b/ü.txt", "edits": [{"oldText": "old", "newText": "new"}]}, "+new"),
        ("move_file", {"source": "{root}/a/b/ü.txt", "destination": "{root}/done.txt"}, "Successfully moved"),
    ],
    "memory": [
        (
            "create_entities",
            {"entities": [{"name": n, "entityType": "person", "observations": ["tall"]} for n in ("Ada", "Ben")]},
            "Ada",
        ),
        ("create_relations", {"relations": [{"from": "Ada", "to": "Ben", "relationType": "knows"}]}, "knows"),
        ("add_observations", {"observations": [{"entityName": "Ada", "contents": ["plays chess"]}]}, "plays chess"),
        ("search_nodes", {"query": "chess"}, "Ada"),
        ("open_nodes", {"names": ["Ben"]}, "Ben"),
        ("delete_observations", {"deletions": [{"entityName": "Ada", "observations": ["tall"]}]}, "deleted"),
        ("delete_relations", {"relations": [{"from": "Ada", "to": "Ben", "relationType": "knows"}]}, "deleted"),
        ("delete_entities", {"entityNames": ["Ben"]}, "deleted"),
        ("read_graph", {}, "plays chess"),
    ],
    "git": [
        ("git_status", {"repo_path": "{root}"}, "notes.txt"),
        ("git_diff_unstaged", {"repo_path": "{root}"}, "+fourth"),
        ("git_add", {"repo_path": "{root}", "files": ["notes.txt"]}, "staged"),
        ("git_diff_staged", {"repo_path": "{root}"}, "+fourth"),
        ("git_reset", {"repo_path": "{root}"}, "reset"),
        ("git_add", {"repo_path": "{root}", "files": ["notes.txt"]}, "staged"),
        ("git_commit", {"repo_path": "{root}", "message": "More notes"}, "committed"),
        ("git_log", {"repo_path": "{root}", "max_count": 1}, "More notes"),
        ("git_show", {"repo_path": "{root}", "revision": "HEAD"}, "+fourth"),
        ("git_diff", {"repo_path": "{root}", "target": "draft"}, "fourth"),
        ("git_branch", {"repo_path": "{root}", "branch_type": "local"}, "draft"),
        ("git_create_branch", {"repo_path": "{root}", "branch_name": "next"}, "next"),
        ("git_checkout", {"repo_path": "{root}", "branch_name": "draft"}, "draft"),
    ],
    "time": [
        ("get_current_time", {"timezone": "Europe/Oslo"}, "Europe/Oslo"),
        (
            "convert_time",
            {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"},
            "T21:00:00+09:00",
        ),
    ],
}

BAD: dict[str, list[Case]] = {
    "filesystem": [
        ("list_directory", {"path": "/etc"}, "Access denied"),
        ("list_directory_with_sizes", {"path": "{root}/gone"}, "ENOENT"),
        ("directory_tree", {"path": "{root}/../.."}, "Access denied"),
        ("search_files", {"path": "{root}"}, "pattern"),
        ("get_file_info", {"path": "{root}/gone"}, "ENOENT"),
        ("read_text_file", {"path": "/etc/passwd"}, "Access denied"),
        ("read_multiple_files", {"paths": "{root}/notes.txt"}, "paths"),
        ("create_directory", {"path": "/tmp/elsewhere"}, "Access denied"),
        ("write_file", {"path": "{root}/reports", "content": "x"}, "EISDIR"),
        ("edit_file", {"path": "{root}/notes.txt", "edits": [{"oldText": "none", "newText": "x"}]}, "Could not find"),
        ("move_file", {"source": "{root}/notes.txt", "destination": "{root}/reports/märz.txt"}, "already exists"),
    ],
    "memory": [
        ("create_entities", {"entities": [{"name": "Ada"}]}, "entityType"),
        ("create_relations", {"relations": [{"from": "Ada"}]}, "relationType"),
        ("add_observations", {"observations": [{"entityName": "Zoe", "contents": ["x"]}]}, "not found"),
        ("delete_observations", {"deletions": [{}]}, "entityName"),
        ("delete_relations", {}, "relations"),
        ("delete_entities", {"entityNames": "Ada"}, "entityNames"),
        ("search_nodes", {}, "query"),
        ("open_nodes", {"names": 3}, "names"),
    ],
    "git": [
        ("git_status", {"repo_path": "/etc"}, "outside"),
        ("git_diff_unstaged", {}, "repo_path"),
        ("git_diff_staged", {"repo_path": 3}, "repo_path"),
        ("git_diff", {"repo_path": "{root}", "target": "gone"}, "gone"),
        ("git_commit", {"repo_path": "{root}"}, "message"),
        ("git_add", {"repo_path": "{root}", "files": ["gone.txt"]}, "gone.txt"),
        ("git_reset", {"repo_path": "/"}, "outside"),
        ("git_log", {"repo_path": "{root}", "max_count": "many"}, "max_count"),
        ("git_create_branch", {"repo_path": "{root}", "branch_name": "draft"}, "draft"),
        ("git_checkout", {"repo_path": "{root}", "branch_name": "gone"}, "gone"),
        ("git_show", {"repo_path": "{root}", "revision": "gone"}, "gone"),
        ("git_branch", {"repo_path": "{root}", "branch_type": "odd"}, "odd"),
    ],
    "time": [
        ("get_current_time", {"timezone": "Europe/Atlantis"}, "Atlantis"),
        ("convert_time", {"source_timezone": "UTC", "time": "25:00", "target_timezone": "UTC"}, "Invalid time"),
    ],
}

NO_BAD_INPUT: dict[str, set[str]] = {
    "filesystem": {"list_allowed_directories"},
    "memory": {"read_graph"},
    "git": set(),
    "time": set(),
}


def filled(value: Any, root: Path) -> Any:
    """`value` with the workspace in place of `{root}`."""
    return json.loads(json.dumps(value).replace("{root}", str(root)))


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_shipped_tool_has_its_cases(name: str) -> None:
    tools = {tool.name for tool in REGISTRY.toolsets[name].tools}
    assert {tool for tool, _, _ in GOOD[name]} == tools
    assert {tool for tool, _, _ in BAD[name]} | NO_BAD_INPUT[name] == tools


@pytest.mark.parametrize("name", sorted(GOOD))
async def test_every_shipped_tool_works_in_the_sandbox(name: str, sandbox: Backend, workspace: Path) -> None:
    async with running(name, sandbox, workspace) as session:
        for tool, arguments, expected in GOOD[name]:
            result = await session.call(tool, filled(arguments, workspace))
            assert not result.is_error, (tool, result)
            assert filled(expected, workspace) in result.text, (tool, result)


@pytest.mark.parametrize("name", sorted(BAD))
async def test_bad_input_to_every_shipped_tool_is_an_error_result(name: str, sandbox: Backend, workspace: Path) -> None:
    before = contents(workspace)
    async with running(name, sandbox, workspace) as session:
        for tool, arguments, expected in BAD[name]:
            result = await session.call(tool, filled(arguments, workspace))
            assert result.is_error, (tool, result)
            assert filled(expected, workspace) in result.text, (tool, result)
    assert contents(workspace) == before


async def test_what_the_server_wrote_is_on_the_disk(sandbox: Backend, workspace: Path) -> None:
    async with running("filesystem", sandbox, workspace) as session:
        await session.call("write_file", {"path": f"{workspace}/new.txt", "content": "grüße"})
    assert (workspace / "new.txt").read_text() == "grüße"


async def test_memory_remembers_across_sessions(sandbox: Backend, workspace: Path) -> None:
    entity = {"name": "Ada", "entityType": "person", "observations": []}
    async with running("memory", sandbox, workspace) as session:
        await session.call("create_entities", {"entities": [entity]})
    async with running("memory", sandbox, workspace) as session:
        assert "Ada" in (await session.call("read_graph", {})).text
