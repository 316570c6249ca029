"""The real tool servers, which the stand-ins and the benchmarks are tried with."""

from tests.tool_servers import programs, sandbox, servers

__all__ = ["programs", "sandbox", "servers"]
