"""What a server needs of this machine to run at all: the system's libraries, its interpreter, a few variables.

The same files are let in by every backend, read-only and under their own names, so that no container image
has to be pulled: an empty root and these mounts are a whole system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from toolsets.sandbox.policy import Bridge, Policy, SandboxError

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
_NAMES_AND_CERTIFICATES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
)
# How to ask a program for its own path.
_WHOAMI = {"python": ("-I", "-c", "import sys; print(sys.executable)"), "node": ("-p", "process.execPath")}
_SECONDS = 20
_RELAY = Path(__file__).with_name("relay.py")
HOME = "/tmp"  # noqa: S108 - the sandbox's own, empty and bounded


@dataclass(frozen=True)
class Mount:
    """`source` on this machine, seen as `target` inside."""

    source: Path
    target: Path
    writable: bool = False


@dataclass(frozen=True)
class Job:
    """A command with everything it needs, before a backend puts it into words."""

    argv: tuple[str, ...]
    mounts: tuple[Mount, ...]
    neutral: Mapping[str, str]
    """Variables every server gets; they tell nothing of this machine or its user."""


def prepare(argv: Sequence[str], policy: Policy) -> Job:
    """Resolve the program and collect the mounts, parents before children.

    Raises SandboxError when the program or a path of the policy is missing.
    """
    if not argv:
        raise SandboxError("the server's command is empty; name a program")
    if sys.platform != "linux":
        raise SandboxError("sandboxes are made of a Linux system's own programs, and this is another system")
    own = [*_mounts("read", policy.read, False), *_mounts("write", policy.write, True)]
    program = _program(argv[0])
    command = (str(program), *argv[1:])
    needed = [*_existing(_SYSTEM), *_program_files(program)]
    if policy.network:
        needed += _existing(_NAMES_AND_CERTIFICATES)
    if policy.bridges:
        python = Path(sys.executable).resolve()
        needed += [*_program_files(python), _RELAY, *(_socket(bridge) for bridge in policy.bridges)]
        pairs = (f"{bridge.port}={bridge.socket}" for bridge in policy.bridges)
        command = (str(python), "-I", "-S", str(_RELAY), *pairs, "--", *command)
    mounts = [Mount(path.resolve(), path) for path in needed]
    neutral = {"HOME": HOME, "LANG": "C.UTF-8", "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin"}
    return Job(command, _ordered([*mounts, *own]), neutral)


def _mounts(field: str, paths: Iterable[Path], writable: bool) -> Iterable[Mount]:
    for path in paths:
        if not path.exists():
            raise SandboxError(f"{field}: {path} does not exist; create it or correct the path")
        yield Mount(path.resolve(), path, writable)
        yield Mount(path.resolve(), path.resolve(), writable)


def _ordered(mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Parents first, each target once; a later mount of the same target wins, so `write` beats `read`.

    What a parent's mount shows already needs none of its own; a symlink below it leads to a mount of its own.
    """
    by_target = {mount.target: mount for mount in mounts}
    kept: dict[Path, Mount] = {}
    for target in sorted(by_target, key=lambda path: path.parts):
        mount = by_target[target]
        above = next((kept[parent] for parent in target.parents if parent in kept), None)
        if above is None or (mount.writable != above.writable and mount.source == target):
            kept[target] = mount
    return tuple(kept.values())


def _existing(names: Iterable[str | Path]) -> list[Path]:
    return [Path(name) for name in names if Path(name).exists()]


def _socket(bridge: Bridge) -> Path:
    if not bridge.socket.is_socket():
        raise SandboxError(f"bridges: {bridge.socket} is not a unix socket; start the service behind it first")
    return bridge.socket


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise SandboxError(f"program {name!r} was not found; install it or give its full path")
    path = Path(found).absolute()
    return _behind(path) if path.parent.name == "shims" else path


def _behind(shim: Path) -> Path:
    """The program that a version manager (pyenv, nodenv, asdf, mise) starts by this file, which asks the manager."""
    question = next((words for name, words in _WHOAMI.items() if shim.name.startswith(name)), None)
    if question is not None:
        with suppress(OSError, subprocess.SubprocessError):
            asked = subprocess.run([shim, *question], capture_output=True, text=True, timeout=_SECONDS, check=True)
            return Path(asked.stdout.strip())
    raise SandboxError(f"{shim} only starts another program, which is unknown here; give the path of that one")


def _program_files(program: Path) -> list[Path]:
    """The program's file and, for Python, its library: a virtual environment and the installation below it."""
    real = program.resolve()
    files = [program, real]
    for prefix in (program.parent.parent, real.parent.parent):
        if (settings := prefix / "pyvenv.cfg").is_file():
            base = Path(_value(settings, "home")).parent
            files += [prefix, *_existing((base / "bin", base / "lib"))]
    if program.name.startswith("python"):
        files += _existing((real.parent.parent / "lib",))
    return files


def _value(settings: Path, key: str) -> str:
    for line in settings.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == key:
            return value.strip()
    raise SandboxError(f"{settings} has no {key!r}; make the virtual environment again")
