"""Docker and Podman: one command line, built from the policy; no image is pulled.

The image is empty: root is a bare folder into which this machine's system folders are mounted read-only, as
bubblewrap does it.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import resource
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from toolsets.sandbox.policy import MEBIBYTE, Policy, SandboxError, Wrapped
from toolsets.sandbox.runtime import HOME, Mount, prepare

Engine = Literal["podman", "docker"]

_EMPTY_IMAGE = "dualtune-sandbox:empty"
_EMPTY_ARCHIVE = bytes(10240)  # two zero blocks end a tar archive; padded to tar's record size
_SCRATCH = 64 * MEBIBYTE
_SECONDS = 60
_HEEDED = re.compile(r"(PATH|HOME|TMPDIR|LANG|LC_\w+|XDG_\w+|DOCKER_\w+|CONTAINERS?_\w+|PODMAN_\w+)$")
_VERSION_2 = Path("/sys/fs/cgroup/cgroup.controllers")


@dataclass(frozen=True)
class Container:
    """The engine's own command is the interface; its daemon, if it has one, needs no client library."""

    name: Engine

    def wrap(self, argv: Sequence[str], policy: Policy, env: Mapping[str, str]) -> Wrapped:
        job = prepare(argv, policy)
        label = f"dualtune-{uuid.uuid4().hex[:12]}"
        # Values stay out of the command line, which every user of the machine can read: the engine's client is told
        # names, and takes the values from its own environment, but for variables that it would heed itself.
        named = {name: value for name, value in env.items() if not _HEEDED.match(name)}
        stated = {**job.neutral, **{name: value for name, value in env.items() if name not in named}}
        words = [*named, *(f"{name}={value}" for name, value in stated.items())]
        command = [
            *(_program(self.name), "run", "--rm", "--interactive", "--name", label, "--pull", "never"),
            *_ISOLATION,
            *self._user(),
            *([] if policy.network else ["--network", "none"]),
            *("--memory", str(policy.memory), "--memory-swap", str(policy.memory)),
            *("--pids-limit", str(policy.processes)),
            *(word for name in ("NOFILE", "NPROC") for word in ("--ulimit", _ulimit(name))),
            *(word for mount in job.mounts for word in ("--mount", _mount(mount))),
            *(word for pair in words for word in ("--env", pair)),
            *(_empty_image(self.name), *job.argv),
        ]
        return Wrapped(tuple(command), {**os.environ, **named}, lambda: self._remove(label))

    def bounds(self) -> Mapping[str, str]:
        if self.name == "podman" and os.getuid() != 0 and not _VERSION_2.exists():
            return {"memory": "unbounded: control groups of version 1 need root", "processes": "unbounded: likewise"}
        return {"memory": "control group, whole server", "processes": "control group, processes and threads"}

    def _user(self) -> tuple[str, ...]:
        """The server is the user who starts it: the files it makes belong to them."""
        if self.name == "podman" and os.getuid() != 0:
            return ("--userns", "keep-id")
        return ("--user", f"{os.getuid()}:{os.getgid()}")

    def _remove(self, label: str) -> None:
        """The engine keeps a container that outlives its client, so ending the client is not enough."""
        _run(self.name, "rm", "--force", label)


_ISOLATION = (
    *("--read-only", "--tmpfs", f"{HOME}:size={_SCRATCH},mode=1777", "--workdir", HOME),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--security-opt", "label=disable"),  # SELinux would hide mounts; relabelling the user's files is worse
    *("--stop-timeout", "0"),  # `rm` would wait for a server that is told to end and does not
    *("--log-driver", "none", "--hostname", "sandbox"),
)


@functools.cache
def _empty_image(name: Engine) -> str:
    """Make the image, once on a machine."""
    known = _run(name, "image", "inspect", _EMPTY_IMAGE)
    if known.returncode != 0:
        made = _run(name, "import", "-", _EMPTY_IMAGE, input=_EMPTY_ARCHIVE)
        if made.returncode != 0:
            raise SandboxError(f"{name} does not work here: {_last_line(made.stderr)}")
    return _EMPTY_IMAGE


def _run(name: Engine, *words: str, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run([_program(name), *words], input=input, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{name} {words[0]} gave no answer within {_SECONDS} s") from None


def _program(name: Engine) -> str:
    found = shutil.which(name)
    if found is None:
        raise SandboxError(f"{name} is not installed")
    return found


def _mount(mount: Mount) -> str:
    """A field of `--mount`, which both engines read as one line of CSV."""
    words = ["type=bind", f"src={mount.source}", f"dst={mount.target}"]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(words if mount.writable else [*words, "readonly"])
    return line.getvalue()


def _ulimit(name: str) -> str:
    """No more than this process may have: an engine without privileges cannot raise its own limits."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
    most = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    return f"{name.lower()}={most}:{most}"


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
