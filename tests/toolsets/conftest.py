"""The servers of the shipped toolsets, for the tests that run them."""

from hypothesis import settings

from tests.tool_servers import programs, sandbox, servers

__all__ = ["programs", "sandbox", "servers"]

# How long one example takes says more about what else the machine does. pytest-timeout bounds the whole.
settings.register_profile("dualtune", deadline=None)
settings.load_profile("dualtune")
