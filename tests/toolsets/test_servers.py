"""The real servers, in the sandbox: their snapshots, and what they leave behind.

All their tools are called in `tests/evaluation/test_shipped_tools.py`, with stand-ins for the remote services.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from toolsets import Registry
from toolsets.launch import open_session
from toolsets.manifest import read_snapshot
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from toolsets.session import Session
from toolsets.snapshot import take_snapshot

REGISTRY = Registry.load(PACKAGED)
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
    """A repository, since the git server starts in nothing else."""
    root = tmp_path / "work space"
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


@pytest.mark.parametrize("name", sorted(REGISTRY.toolsets))
async def test_the_snapshot_is_what_the_server_offers(name: str, sandbox: Backend, workspace: Path) -> None:
    async with running(name, sandbox, workspace) as session:
        taken = take_snapshot(REGISTRY.manifests[name], await session.tools())
    assert taken == read_snapshot(PACKAGED / name)


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
