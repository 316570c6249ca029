"""Where dualtune keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """The user's cache folder of dualtune; it need not exist yet.

    `DUALTUNE_CACHE_DIR` names it outright. Otherwise it is `dualtune` below `XDG_CACHE_HOME` (which counts only when
    absolute, says the XDG base directory specification) or `~/.cache`.
    """
    if chosen := os.environ.get("DUALTUNE_CACHE_DIR"):
        return Path(chosen).expanduser().absolute()
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (xdg if xdg.is_absolute() else Path.home() / ".cache") / "dualtune"
