"""The MCP servers that the stand-ins are tried with."""

from __future__ import annotations

import shutil

import pytest

from toolsets.install import install
from toolsets.sandbox import Backend, SandboxError, backend, best_backend


@pytest.fixture(scope="session")
def npm_servers() -> None:
    """Install them, once on a machine (about a minute); skip where there is no Node.js."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    install("npm", lambda _: None)


@pytest.fixture(scope="session")
def sandbox() -> Backend:
    """The sandbox that a user of this machine gets; none where no sandbox works."""
    try:
        return best_backend()
    except SandboxError:
        return backend("none")
