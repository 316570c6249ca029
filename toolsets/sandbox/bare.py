"""No sandbox: the server runs as the user. Asked for by name only, never a fallback."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolsets.sandbox.policy import BackendName, Policy, SandboxError, Wrapped

log = logging.getLogger(__name__)
_KEPT = ("HOME", "LANG", "PATH")


@dataclass(frozen=True)
class Bare:
    """Only the environment is kept small. Bridges need nothing: the host's own loopback is in reach."""

    name: BackendName = "none"

    def wrap(self, argv: Sequence[str], policy: Policy, env: Mapping[str, str]) -> Wrapped:
        if not argv:
            raise SandboxError("the server's command is empty; name a program")
        log.warning("%s runs without a sandbox: it can read and change all that you can", argv[0])
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return Wrapped(tuple(argv), {**kept, **env})

    def bounds(self) -> Mapping[str, str]:
        return {"memory": "unbounded", "processes": "unbounded"}
