"""The MCP servers of the shipped toolsets, installed from their lock files: npm packages and a Python environment."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from toolsets.model import ToolsetError
from toolsets.paths import cache_dir

Source = Literal["npm", "python"]

_HERE = Path(__file__).parent
_NPM_LOCK = _HERE / "node" / "package-lock.json"
_PYTHON_LOCK = _HERE / "python" / "requirements.txt"
# Written last and removed first, so that an installation that was interrupted is never taken for a whole one.
_STAMP = ".installed-from"


def node_modules() -> Path:
    """The folder of the npm packages; it exists once `install` has run."""
    return _NPM_LOCK.with_name("node_modules")


def python() -> Path:
    """The interpreter that has the Python servers; it exists once `install` has run."""
    return _environment() / "bin" / "python"


def installed(source: Source) -> bool:
    """Whether the servers from `source` are there, as their lock file says."""
    folder, lock = _places(source)
    stamp = folder / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest(lock)


def install(source: Source, report: Callable[[str], None]) -> None:
    """Install the servers from `source`, unless they are there; `report` is told each step.

    May be interrupted and run again, also by several processes at once. Raises ToolsetError when a program is
    missing or fails.
    """
    folder, lock = _places(source)
    with _one_at_a_time(source, report):
        if installed(source):
            return
        (folder / _STAMP).unlink(missing_ok=True)
        if source == "npm":
            _install_npm(report)
        else:
            _install_python(folder, report)
        (folder / _STAMP).write_text(_digest(lock), encoding="utf-8")


def _install_npm(report: Callable[[str], None]) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise ToolsetError("node and npm were not found; install Node.js 20 or later", "node")
    report("installing the npm packages of the tool servers")
    # Scripts of packages are somebody else's code, and none of these servers needs one.
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], _NPM_LOCK.parent)


def _install_python(folder: Path, report: Callable[[str], None]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    report("making the Python environment of the tool servers")
    _run([sys.executable, "-m", "venv", str(folder)], _HERE)
    report("installing the Python packages of the tool servers")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, "--requirement", str(_PYTHON_LOCK)], _HERE)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise ToolsetError(f"{' '.join(command)} failed in {folder}:\n{said}", "install")


def _places(source: Source) -> tuple[Path, Path]:
    return (node_modules(), _NPM_LOCK) if source == "npm" else (_environment(), _PYTHON_LOCK)


def _environment() -> Path:
    """Named after its lock file: two checkouts share it when they need the same, and never fight over it."""
    return cache_dir() / "tool-servers" / _digest(_PYTHON_LOCK)[:16]


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


@contextmanager
def _one_at_a_time(source: Source, report: Callable[[str], None]) -> Iterator[None]:
    path = cache_dir() / "tool-servers" / f"{source}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another installation to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
