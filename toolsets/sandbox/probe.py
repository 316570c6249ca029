"""Which sandboxes work on this machine, found out by running something in each."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolsets.sandbox.bare import Bare
from toolsets.sandbox.bubblewrap import Bubblewrap
from toolsets.sandbox.container import Container
from toolsets.sandbox.policy import Backend, BackendName, Policy, SandboxError

_SECONDS = 60
# Strongest first: containers also filter system calls. Podman comes before Docker, whose daemon runs as root.
_MAKERS: Mapping[BackendName, Callable[[], Backend]] = {
    "podman": lambda: Container("podman"),
    "docker": lambda: Container("docker"),
    "bubblewrap": Bubblewrap,
    "none": Bare,
}


@dataclass(frozen=True)
class Fact:
    """What `dualtune doctor` says of one backend. `reason` is empty when it works."""

    name: BackendName
    works: bool
    reason: str = ""
    bounds: Mapping[str, str] = field(default_factory=dict)


def backend(name: BackendName) -> Backend:
    """The backend of this name, tried or not."""
    return _MAKERS[name]()


@functools.cache
def probe() -> tuple[Fact, ...]:
    """Try each sandbox once, strongest first. Takes under a second for each that is installed."""
    return tuple(_try(make()) for name, make in _MAKERS.items() if name != "none")


def best_backend() -> Backend:
    """The strongest sandbox that works here; raises SandboxError where none does."""
    facts = probe()
    for fact in facts:
        if fact.works:
            return backend(fact.name)
    reasons = "; ".join(f"{fact.name}: {fact.reason}" for fact in facts)
    raise SandboxError(f"no sandbox works here ({reasons}); install bubblewrap, or choose 'none' knowingly")


def chosen_backend(name: BackendName | None) -> Backend:
    """The one that the user named, tried or not; otherwise the strongest. Raises SandboxError where none works."""
    return backend(name) if name else best_backend()


def _try(candidate: Backend) -> Fact:
    """One write where it is allowed, one where it is not, one look at a file that must not be there."""
    with tempfile.TemporaryDirectory(prefix="dualtune-probe-") as folder:
        inside, secret = Path(folder, "inside"), Path(folder, "secret")
        inside.mkdir()
        secret.write_text("secret", encoding="utf-8")
        script = f"test ! -e '{secret}' && ! (echo x > /usr/dualtune-probe) 2>/dev/null && echo ok > '{inside}/answer'"
        try:
            with candidate.wrap(["/bin/sh", "-c", script], Policy(write=(inside,)), {}) as command:
                done = subprocess.run(
                    command.argv, env=dict(command.env), capture_output=True, timeout=_SECONDS, check=False
                )
        except (SandboxError, OSError, subprocess.TimeoutExpired) as error:
            return Fact(candidate.name, False, str(error))
        if done.returncode != 0 or not (inside / "answer").exists():
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            return Fact(candidate.name, False, lines[-1] if lines else f"exit status {done.returncode}")
    return Fact(candidate.name, True, bounds=candidate.bounds())
