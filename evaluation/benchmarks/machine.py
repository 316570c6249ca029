"""Where a benchmark was run."""

from __future__ import annotations

import os
import platform
from typing import Any


def machine() -> dict[str, Any]:
    """What goes beside the figures, so that nobody compares those of two machines."""
    return {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
