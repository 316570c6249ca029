"""The servers of the shipped toolsets, for the tests that run them."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import settings

from toolsets.install import install
from toolsets.sandbox import Backend, SandboxError, backend, best_backend

# How long one example takes says more about what else the machine does. pytest-timeout bounds the whole.
settings.register_profile("dualtune", deadline=None)
settings.load_profile("dualtune")


@pytest.fixture(scope="session")
def servers() -> None:
    """Install them, once on a machine (about a minute); skip where there is no Node.js."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node.js is not installed")
    install("npm", lambda _: None)
    install("python", lambda _: None)


@pytest.fixture(scope="session")
def sandbox() -> Backend:
    """The sandbox that a user of this machine gets; none where no sandbox works."""
    try:
        return best_backend()
    except SandboxError:
        return backend("none")
