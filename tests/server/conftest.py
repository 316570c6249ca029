"""Settings for all tests of the server."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest

# How long an example takes says more about the machine's other work than about the code.
hypothesis.settings.register_profile("dualtune", deadline=None)
hypothesis.settings.load_profile("dualtune")


@pytest.fixture
def own_log() -> Iterator[None]:
    """The root logger may be configured: it is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
