"""What a server's process may see and use, and what a backend makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

BackendName = Literal["podman", "docker", "bubblewrap", "none"]

MEBIBYTE = 1 << 20
_NEVER_MOUNTED = frozenset(map(Path, ("/", "/proc", "/sys", "/dev", "/run", "/etc")))


class SandboxError(Exception):
    """A policy that cannot be applied, or a backend that does not work here. The text names the remedy."""


@dataclass(frozen=True)
class Bridge:
    """One service of the host that a server without network may reach.

    Inside, `127.0.0.1:port` leads to `socket`, a unix socket of the host. The service listens on both, so
    that one address serves the sandboxed and the bare server alike.
    """

    port: int
    socket: Path


@dataclass(frozen=True)
class Policy:
    """The same limits for every backend; what is not named here does not exist inside.

    Time on the processor and space on the disk below `write` are not bounded.

    read, write: absolute paths, seen under the same names inside.
    network: only for servers whose purpose is a real remote service. With bubblewrap it is the host's own network, the
        services on its loopback included; with Podman and Docker a network of the container's own.
    memory: bytes, for the whole server where the backend can (see `Backend.bounds`).
    processes: processes and threads together.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: bool = False
    bridges: tuple[Bridge, ...] = ()
    memory: int = 1024 * MEBIBYTE
    processes: int = 128

    def __post_init__(self) -> None:
        for name, paths in (("read", self.read), ("write", self.write)):
            for path in paths:
                if not path.is_absolute():
                    raise SandboxError(f"{name}: {path} is not an absolute path; give it from the root")
                if path.resolve() in _NEVER_MOUNTED:
                    raise SandboxError(f"{name}: {path} is never let into a sandbox; name a folder below it")
        if self.memory < 64 * MEBIBYTE:
            raise SandboxError(f"memory: {self.memory} bytes cannot hold a server; allow at least 64 MiB")
        if self.processes < 16:
            raise SandboxError(f"processes: {self.processes} is below the threads of one server; allow 16")


@dataclass(frozen=True)
class Wrapped:
    """A command ready to be started over stdio: `argv` with `env` added to the environment.

    A context manager: leaving it removes what the backend made for this one process. Leave it after the
    process has been stopped.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    remove: Callable[[], None] = field(default=lambda: None, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class Backend(Protocol):
    """One way to run a server under a policy."""

    @property
    def name(self) -> BackendName: ...

    def wrap(self, argv: Sequence[str], policy: Policy, env: Mapping[str, str]) -> Wrapped:
        """The command that runs `argv` under `policy` with exactly the variables `env` and a few neutral ones.

        Raises SandboxError when a path of the policy or the program does not exist.
        """
        ...

    def bounds(self) -> Mapping[str, str]:
        """What enforces the limits here: `memory` and `processes`, each in a few words for `dualtune doctor`."""
        ...
