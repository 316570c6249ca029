"""Installing the servers: repeatable, never half done, one at a time."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
from pathlib import Path
from threading import Thread

import pytest

import toolsets
from toolsets import ToolsetError
from toolsets.install import install, installed, node_modules, python
from toolsets.manifest import read_manifest

SHIPPED = Path(toolsets.__file__).parent
MANIFESTS = [read_manifest(path.parent) for path in sorted(SHIPPED.glob("*/toolset.toml"))]
NPM_LOCK = SHIPPED / "node" / "package-lock.json"
PYTHON_LOCK = SHIPPED / "python" / "requirements.txt"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path))
    return tmp_path


def fake_interpreter(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the interpreter: what it is called with is kept, and `script` decides what happens."""
    folder.mkdir()
    program, calls = folder / "python", folder / "calls"
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return calls


MAKES_VENV = 'case "$2" in venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; esac'


def test_a_second_installation_has_nothing_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_interpreter(cache / "fake", MAKES_VENV, monkeypatch)
    said: list[str] = []
    assert not installed("python")
    install("python", said.append)
    assert installed("python")
    install("python", said.append)
    venv = python().parent.parent
    assert calls.read_text().splitlines() == [
        f"-m venv {venv}",
        f"-m pip install --no-deps --disable-pip-version-check --requirement {PYTHON_LOCK}",
    ]
    assert len(said) == 2


def test_an_installation_that_failed_is_done_again_from_the_start(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = f'{MAKES_VENV}\ncase "$2" in pip) echo "no space left" >&2; exit 1;; esac'
    fake_interpreter(cache / "fake", fails, monkeypatch)
    with pytest.raises(ToolsetError, match="no space left") as error:
        install("python", lambda _: None)
    assert error.value.field == "install"
    assert not installed("python")
    (python().parent / "left-over").touch()
    fake_interpreter(cache / "mended", MAKES_VENV, monkeypatch)
    install("python", lambda _: None)
    assert installed("python")
    assert not (python().parent / "left-over").exists()


def test_a_second_process_waits_and_says_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_interpreter(cache / "fake", MAKES_VENV, monkeypatch)
    said: list[str] = []
    (cache / "tool-servers").mkdir()
    with (cache / "tool-servers" / "python.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def report(message: str) -> None:
            said.append(message)
            if message.startswith("waiting"):
                fcntl.flock(other, fcntl.LOCK_UN)

        thread = Thread(target=install, args=("python", report), daemon=True)
        thread.start()
        thread.join(timeout=20)
    assert not thread.is_alive()
    assert said[0] == "waiting for another installation to end"
    assert installed("python")


def test_without_node_the_remedy_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(ToolsetError, match=r"install Node\.js 20 or later"):
        install("npm", lambda _: None)


def test_installed_servers_are_as_their_manifests_say(servers: None) -> None:
    npm = [m.server.package for m in MANIFESTS if m.server.package and m.server.package.source == "npm"]
    versions = {
        package.name: json.loads((node_modules() / package.name / "package.json").read_text())["version"]
        for package in npm
    }
    assert versions == {package.name: package.version for package in npm}
    wanted = json.loads(NPM_LOCK.with_name("package.json").read_text())["dependencies"]
    assert versions == wanted
    pins = set(PYTHON_LOCK.read_text().splitlines())
    pythons = [m.server.package for m in MANIFESTS if m.server.package and m.server.package.source == "python"]
    assert pins >= {f"{package.name}=={package.version}" for package in pythons}
    assert os.access(python(), os.X_OK)


def test_the_lock_files_name_no_host_and_pin_everything() -> None:
    lock = json.loads(NPM_LOCK.read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    pins = [line for line in PYTHON_LOCK.read_text().splitlines() if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
