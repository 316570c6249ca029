"""The MCP servers of the shipped toolsets, installed from their lock files: npm packages and a Python environment.

They lie in the user's cache, in a folder named after its lock file: two checkouts share it when they need the same, and
never fight over it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from toolsets.model import ToolsetError
from toolsets.paths import cache_dir

Source = Literal["npm", "python"]

_HERE = Path(__file__).parent
_LOCKS: Mapping[Source, Path] = {
    "npm": _HERE / "node" / "package-lock.json",
    "python": _HERE / "python" / "requirements.txt",
}
# Written last, so that an installation that was interrupted is never taken for a whole one.
_STAMP = ".installed"


def node_modules() -> Path:
    """The folder of the npm packages; it exists once `install` has run."""
    return _folder("npm") / "node_modules"


def python() -> Path:
    """The interpreter that has the Python servers; it exists once `install` has run."""
    return _folder("python") / "bin" / "python"


def installed(source: Source) -> bool:
    """Whether the servers from `source` are there, as their lock file says."""
    needed = node_modules() if source == "npm" else python()  # whose own interpreter may have been taken away
    return needed.exists() and (_folder(source) / _STAMP).is_file()


def install(source: Source, report: Callable[[str], None]) -> None:
    """Install the servers from `source`, unless they are there; `report` is told each step.

    May be interrupted and run again, also by several processes at once. Raises ToolsetError when a program is
    missing or fails.
    """
    with _one_at_a_time(source, report):
        if installed(source):
            return
        folder = _folder(source)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if source == "npm":
            _install_npm(folder, report)
        else:
            _install_python(folder, report)
        (folder / _STAMP).touch()


def _install_npm(folder: Path, report: Callable[[str], None]) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise ToolsetError("node and npm were not found; install Node.js 20 or later", "node")
    report("installing the npm packages of the tool servers")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_LOCKS["npm"].with_name(name), folder / name)
    # Scripts of packages are somebody else's code, and none of these servers needs one.
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _install_python(folder: Path, report: Callable[[str], None]) -> None:
    report("making the Python environment of the tool servers")
    _run([sys.executable, "-m", "venv", str(folder)], folder)
    report("installing the Python packages of the tool servers")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, "--requirement", str(_LOCKS["python"])], folder)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise ToolsetError(f"{' '.join(command)} failed in {folder}:\n{said}", "install")


def _folder(source: Source) -> Path:
    digest = hashlib.sha256(_LOCKS[source].read_bytes()).hexdigest()
    return _cache() / f"{source}-{digest[:16]}"


def _cache() -> Path:
    return cache_dir() / "tool-servers"


@contextmanager
def _one_at_a_time(source: Source, report: Callable[[str], None]) -> Iterator[None]:
    path = _cache() / f"{source}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another installation to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
