"""bubblewrap: namespaces made by an ordinary user's command, nothing running in the background."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolsets.sandbox.cgroup import Cgroup, parents
from toolsets.sandbox.policy import MEBIBYTE, BackendName, Policy, SandboxError, Wrapped
from toolsets.sandbox.runtime import prepare

# A client of the protocol passes these on from its own environment, named or not (`mcp.client.stdio`).
_INHERITED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
_SCRATCH = 64 * MEBIBYTE


@dataclass(frozen=True)
class Bubblewrap:
    """Memory and processes are bounded by a control group where we may make one (root, as a rule).

    Elsewhere by resource limits: private writable memory for each process (RLIMIT_DATA; RLIMIT_AS would stop
    Node, which reserves gigabytes it never touches), and processes for the user inside the namespace
    (RLIMIT_NPROC, which does not bind root).
    """

    name: BackendName = "bubblewrap"

    def wrap(self, argv: Sequence[str], policy: Policy, env: Mapping[str, str]) -> Wrapped:
        job = prepare(argv, policy)
        variables = {**job.neutral, **env}
        command = [
            _installed("bwrap"),
            *_ISOLATION,
            *(["--share-net"] if policy.network else []),
            *_FILES,
            *(word for name in _INHERITED if name not in variables for word in ("--unsetenv", name)),
        ]
        for mount in job.mounts:
            command += ["--bind" if mount.writable else "--ro-bind", str(mount.source), str(mount.target)]
        command += ["--remount-ro", "/", "--chdir", variables["HOME"], "--"]
        command += [_installed("prlimit"), f"--data={policy.memory}", f"--nproc={policy.processes}", "--core=0"]
        command += ["--", *job.argv]
        if found := parents():
            group = Cgroup.make(found, memory=policy.memory, processes=policy.processes)
            return Wrapped((*group.enter, *command), variables, group.remove)
        return Wrapped(tuple(command), variables)

    def bounds(self) -> Mapping[str, str]:
        if parents():
            return {
                "memory": "control group, whole server",
                "processes": "control group, processes and threads",
            }
        if os.getuid() == 0:
            return {"memory": "resource limit, each process", "processes": "unbounded for root here"}
        return {"memory": "resource limit, each process", "processes": "resource limit, processes and threads"}


_ISOLATION = (
    *("--unshare-all", "--unshare-user", "--disable-userns"),
    *("--cap-drop", "ALL", "--new-session", "--die-with-parent"),
)
# Root's files in /proc (kernel.core_pattern is one) stay writable for root without any capability, so the
# whole of it is made read-only; and no memory file system may grow past its bound.
_FILES = (
    *("--proc", "/proc", "--remount-ro", "/proc"),
    *("--dev", "/dev", "--size", str(_SCRATCH), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
    *("--size", str(_SCRATCH), "--tmpfs", "/tmp"),  # noqa: S108
)


def _installed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise SandboxError(f"{program} is not installed; install the package bubblewrap (and util-linux)")
    return found
