"""What a toolset is: manifest and tool snapshot, MCP sessions, sandbox and the agent's loop."""
