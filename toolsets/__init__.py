"""What a toolset is: manifest and tool snapshot, MCP sessions, sandbox and the agent's loop."""

from toolsets.model import Tool, Toolset, ToolsetError
from toolsets.registry import Match, Problem, Registry

__all__ = ["Match", "Problem", "Registry", "Tool", "Toolset", "ToolsetError"]
