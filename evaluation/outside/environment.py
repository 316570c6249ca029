"""A benchmark's own Python environment: its packages pin what ours pin otherwise.

It lies in the user's cache, in a folder named after the list of packages that it was made of.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from evaluation.errors import EvaluationError
from toolsets.paths import cache_dir

_HERE = Path(__file__).parent
# Written last, so that an installation that was interrupted is never taken for a whole one.
_STAMP = ".installed"
_LAST_WORDS = 60.0
"""Seconds."""
# Of these the benchmarks' clients make settings, or send what they are given to their makers.
_NOT_HANDED_ON = ("OPENAI_", "LANGCHAIN_", "LANGSMITH_", "BFCL_", "PYTEST_")


def environment(name: str, report: Callable[[str], None]) -> Path:
    """The interpreter with the packages of `NAME.txt`, installed where they are not; `report` is told each step.

    May be interrupted and run again, also by several processes at once. Raises EvaluationError where it fails.
    """
    packages = _list(name)
    folder = cache_dir() / "benchmarks" / f"{name}-{hashlib.sha256(packages.read_bytes()).hexdigest()[:16]}"
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        report("waiting for another installation to end")
        lock.acquire()
    try:
        if not (python.exists() and (folder / _STAMP).is_file()):
            shutil.rmtree(folder, ignore_errors=True)
            report(f"making the environment of {name}, once: {folder}")
            _run(name, [sys.executable, "-m", "venv", str(folder)])
            pip = [str(python), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--quiet"]
            _run(name, [*pip, "--requirement", str(packages)])
            (folder / _STAMP).touch()
    finally:
        lock.release()
    return python


def versions(name: str, *packages: str) -> dict[str, str]:
    """Of these packages, the versions in the environment."""
    pins = dict(line.split("==") for line in _list(name).read_text("utf-8").splitlines() if not line.startswith("#"))
    return {package: pins[package] for package in packages}


def variables(base_url: str, api_key: str, more: Mapping[str, str]) -> dict[str, str]:
    """What a benchmark is started with: the user's variables, less those that would change what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
    return {**kept, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": api_key, "HF_HUB_OFFLINE": "1", **more}


def run(
    command: Sequence[str | Path],
    folder: Path,
    variables: Mapping[str, str],
    log: Path,
    watch: Callable[[str], None] = lambda line: None,
) -> int:
    """Run a benchmark in `folder`; returns its status. What it prints goes to `log`, and `watch` is told each line.

    Where there is a terminal, it has its standard error. When it is interrupted it may first write down what it has.
    """
    stderr = None if sys.stderr.isatty() else subprocess.STDOUT
    with (
        log.open("a", encoding="utf-8", buffering=1) as kept,
        subprocess.Popen(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                kept.write(line)
                watch(line)
            return process.wait()
        except BaseException:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_LAST_WORDS)
            process.kill()
            raise


def _list(name: str) -> Path:
    return _HERE / f"{name}.txt"


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = next((line for line in reversed(said) if line.startswith("ERROR")), said[-1] if said else "no reason")
        raise EvaluationError(
            f"the environment of {name} could not be made: {reason.removeprefix('ERROR: ')}; "
            "it takes a package registry within reach, and some space on the disk; then run the same command again",
            "environment",
        )
