"""Every shipped tool, called for real: the real servers in the sandbox, the stand-ins behind Notion and monday.com.

What they are called with is in `tool_cases`.
"""

from __future__ import annotations

import asyncio
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evaluation.standins import MondayStandIn, NotionStandIn, serve
from evaluation.standins.notion.state import title
from evaluation.workspaces import make_world
from tests.evaluation.tool_cases import BAD, GOOD, NO_BAD_INPUT
from toolsets import Registry
from toolsets.launch import open_session
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend

REGISTRY = Registry.load(PACKAGED)
WAIT = 120.0
WORLD = make_world(Random(9))
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

pytestmark = pytest.mark.usefixtures("servers")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A git repository with one commit, one branch more, and one change."""
    root = tmp_path / "work space"
    (root / "reports").mkdir(parents=True)
    (root / "notes.txt").write_text("first\nsecond\nthird\n")
    (root / "reports" / "märz.txt").write_text("a report\n")
    (root / "dot.png").write_bytes(b64decode(PNG))
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


def ids_of_notion(standin: NotionStandIn) -> dict[str, Any]:
    """A page with a text, and the data source of the tasks."""
    named = {title(item): item["id"] for item in standin.state.of_kind("page", "data_source")}
    return {"page": named["How we work"], "source": named["Tasks"]}


def ids_of_monday(standin: MondayStandIn) -> dict[str, Any]:
    """The first project's board and its first item; the server wants numbers in some places and texts in others."""
    board = next(iter(standin.state.boards.values()))
    item = standin.state.items_of(board)[0]
    ids = {"board": board["id"], "item": item["id"]}
    return {name: int(value) for name, value in ids.items()} | {f"{name}_text": value for name, value in ids.items()}


SERVICES: dict[str, tuple[Any, Any]] = {
    "notion": (NotionStandIn, ids_of_notion),
    "monday": (MondayStandIn, ids_of_monday),
}


@contextmanager
def surroundings(name: str, root: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What a toolset's server is started with, and what the braces in its cases hold."""
    if name in SERVICES:
        service, ids = SERVICES[name]
        standin = service(WORLD)
        with serve(standin) as served:
            yield {"environ": served.environ, "bridges": [served.bridge]}, ids(standin)
    else:
        yield {"environ": {}, "root": root}, {"root": str(root)}


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """`value` with what is known in place of the names in braces."""
    if isinstance(value, dict):
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    if not isinstance(value, str):
        return value
    for name, known_value in known.items():
        if value == f"{{{name}}}":
            return known_value
        value = value.replace(f"{{{name}}}", str(known_value))
    return value


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", sorted(REGISTRY.toolsets))
def test_every_shipped_tool_has_its_cases(name: str) -> None:
    tools = {tool.name for tool in REGISTRY.toolsets[name].tools}
    assert {tool for tool, _, _ in GOOD[name]} == tools
    assert {tool for tool, _, _ in BAD[name]} == tools - NO_BAD_INPUT


@pytest.mark.parametrize("name", sorted(GOOD))
async def test_every_shipped_tool_works_in_the_sandbox(name: str, sandbox: Backend, workspace: Path) -> None:
    with surroundings(name, workspace) as (options, known):
        async with asyncio.timeout(WAIT), open_session(REGISTRY.manifests[name], sandbox, **options) as session:
            for tool, arguments, expected in GOOD[name]:
                result = await session.call(tool, filled(arguments, known))
                assert not result.is_error, (tool, result)
                assert str(filled(expected, known)) in result.text, (tool, result)


@pytest.mark.parametrize("name", sorted(BAD))
async def test_bad_input_to_every_shipped_tool_is_an_error_result(name: str, sandbox: Backend, workspace: Path) -> None:
    before = contents(workspace)
    with surroundings(name, workspace) as (options, known):
        async with asyncio.timeout(WAIT), open_session(REGISTRY.manifests[name], sandbox, **options) as session:
            for tool, arguments, expected in BAD[name]:
                result = await session.call(tool, filled(arguments, known))
                assert result.is_error, (tool, result)
                assert str(filled(expected, known)) in result.text, (tool, result)
    assert contents(workspace) == before
