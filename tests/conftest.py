"""Fixtures that every part of the suite shares."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from server.embedded import ensure_model
from tests.tool_servers import programs, sandbox, servers

# How long one example takes says more about what else the machine does. pytest-timeout bounds the whole.
hypothesis.settings.register_profile("dualtune", deadline=None)
hypothesis.settings.load_profile("dualtune")

__all__ = ["model_dir", "programs", "sandbox", "servers"]


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The embedded model as a checkpoint, converted on the first use on a machine (about 20 s)."""
    return ensure_model()
