"""Digests of large files, remembered in the user's cache folder so that each is read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from adapters.files import write_whole
from toolsets.paths import cache_dir

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes to read in all."""

_CHUNK = 1 << 23


def file_digests(paths: Iterable[Path], progress: Progress | None = None) -> dict[Path, str]:
    """The SHA-256 of each file, in hexadecimal. Raises OSError.

    A file is read again when its size or a time of its last change differs from what is remembered.
    """
    remembered = _remembered()
    keys = {path: _key(path) for path in paths}
    missing = {path: path.stat().st_size for path, key in keys.items() if key not in remembered}
    total, done = sum(missing.values()), 0
    for path in missing:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
        remembered[keys[path]] = digest.hexdigest()
        # After each file, so that an interrupted run goes on where it stopped. A cache that cannot be written
        # costs time, nothing else.
        with suppress(OSError):
            write_whole(_cache_file(), json.dumps(remembered, indent=1))
    return {path: remembered[key] for path, key in keys.items()}


def _key(path: Path) -> str:
    # The time of modification can be set at will; that of the change of the inode tells of files put in its place.
    stat = path.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{path.resolve()}"


def _cache_file() -> Path:
    return cache_dir() / "digests.json"


def _remembered() -> dict[str, str]:
    try:
        known = json.loads(_cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: digest for key, digest in known.items() if isinstance(digest, str)}
