"""Fixtures for the tests that run real tool servers: what has to be installed, and the sandbox they run in."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from toolsets.install import install
from toolsets.sandbox import Backend, best_backend, probe

_PACKAGES = {"bwrap": "bubblewrap", "git": "git", "node": "nodejs", "npm": "npm"}  # programs, by Debian's names
_SECONDS = 280


@pytest.fixture(scope="session")
def programs() -> None:
    """Root's machine gets what is missing; others are told. Without them these tests would prove nothing."""
    if _missing() and os.getuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, timeout=_SECONDS, check=False)
        subprocess.run(["apt-get", "install", "-yqq", *_missing()], capture_output=True, timeout=_SECONDS, check=False)
        probe.cache_clear()
    if _missing():
        pytest.fail(f"the tests of the tool servers and of their sandbox need: apt-get install {' '.join(_missing())}")


@pytest.fixture(scope="session")
def servers(programs: None) -> None:
    """The servers of the shipped toolsets, installed once on a machine (about a minute)."""
    install("npm", lambda _: None)
    install("python", lambda _: None)


@pytest.fixture(scope="session")
def sandbox(programs: None) -> Backend:
    """The sandbox that a user of this machine gets."""
    return best_backend()


def _missing() -> list[str]:
    return [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
