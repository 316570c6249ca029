"""The offline teacher's knowledge of the filesystem toolset: workspaces, and a plan for every heading of its bank."""
