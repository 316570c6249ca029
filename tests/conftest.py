"""Fixtures that every part of the suite shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.embedded import ensure_model
from tests.tool_servers import programs, sandbox, servers

__all__ = ["model_dir", "programs", "sandbox", "servers"]


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The embedded model as a checkpoint, converted on the first use on a machine (about 20 s)."""
    return ensure_model()
