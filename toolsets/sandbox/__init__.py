"""Running a server's process so that it sees and uses only what its policy names.

with best_backend().wrap(argv, policy, env) as command:
    ...start command.argv with command.env over stdio, and stop it...
"""

from toolsets.sandbox.policy import Backend, BackendName, Bridge, Policy, SandboxError, Wrapped
from toolsets.sandbox.probe import Fact, backend, best_backend, chosen_backend, probe

__all__ = [
    "Backend",
    "BackendName",
    "Bridge",
    "Fact",
    "Policy",
    "SandboxError",
    "Wrapped",
    "backend",
    "best_backend",
    "chosen_backend",
    "probe",
]
