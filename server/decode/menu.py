"""From a client's tools to groups: which toolset each belongs to, and which may be called now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from server.decode.request import OfferedTool, ToolGroup
from server.prompt import NO_TOOLSET, SUMMARIZE
from toolsets import Registry, Tool, Toolset

OWN_TOOLS = "tools"
"""Name of the group of tools that belong to no toolset."""


def group_tools(tools: Iterable[Tool], registry: Registry) -> tuple[ToolGroup, ...]:
    """Group `tools` by registered toolset, else by the `server` of a name `server__tool`, else under `tools`.

    A bare name is taken for a registered tool's where the schema agrees, or where another tool of the same toolset
    does: a client's own `read_file` is not the filesystem's. The order is that of first appearance, so that equal
    requests have equal prompts.
    """
    tools = list(tools)
    matches = {tool.name: registry.find(tool.name, tool.digest) for tool in tools}
    present = {m.toolset.name for name, m in matches.items() if m and (m.same_schema or name != m.tool.name)}
    groups: dict[str, list[OfferedTool]] = {}
    for tool in tools:
        match = matches[tool.name]
        if match is not None and match.toolset.name in present:
            name, offered = match.toolset.name, OfferedTool(tool, match.tool.name, match.tool, match.same_schema)
        else:
            name, offered = _unregistered(tool, registry)
        groups.setdefault(name, []).append(offered)
    return tuple(
        _group(name, _distinct(offered), registry.toolsets[name] if name in present else None)
        for name, offered in groups.items()
    )


def as_one_group(groups: Iterable[ToolGroup]) -> tuple[ToolGroup, ...]:
    """All tools side by side, for a decode that does not route."""
    offered = [item for group in groups for item in group.tools]
    return (_group(OWN_TOOLS, _distinct(offered), None),) if offered else ()


def only_named(groups: Iterable[ToolGroup], names: frozenset[str]) -> tuple[ToolGroup, ...]:
    """The groups with no other tools than `names`; groups without any are left out."""
    pruned = []
    for group in groups:
        kept = tuple(offered for offered in group.tools if offered.tool.name in names)
        if kept:
            pruned.append(replace(group, tools=kept))
    return tuple(pruned)


def shown_names(groups: Iterable[ToolGroup]) -> dict[str, str]:
    """The client's name of each tool, to the name that the model is shown."""
    return {offered.tool.name: offered.shown for group in groups for offered in group.tools}


def _unregistered(tool: Tool, registry: Registry) -> tuple[str, OfferedTool]:
    """A tool that no toolset has: under its own server's name, if it has one, else under `tools`."""
    server, separator, bare = tool.name.partition("__")
    if separator and server and bare and server not in (*registry.toolsets, NO_TOOLSET, OWN_TOOLS):
        return server, OfferedTool(tool, bare)
    return OWN_TOOLS, OfferedTool(tool, tool.name)


def _distinct(offered: list[OfferedTool]) -> tuple[OfferedTool, ...]:
    """Tools whose shown names clash, with each other or with `summarize`, are shown under the client's own names."""
    times = Counter(item.shown for item in offered)
    distinct, taken = [], {SUMMARIZE}
    for item in offered:
        shown = item.shown if times[item.shown] == 1 else item.tool.name
        while shown in taken:
            shown += "_"
        taken.add(shown)
        distinct.append(replace(item, shown=shown))
    return tuple(distinct)


def _group(name: str, offered: tuple[OfferedTool, ...], toolset: Toolset | None) -> ToolGroup:
    if toolset is not None:
        return ToolGroup(name, toolset.description, offered, toolset)
    # Nobody described this group: its tools' names say what it is for.
    return ToolGroup(name, ", ".join(item.shown for item in offered), offered)
