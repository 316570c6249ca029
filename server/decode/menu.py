"""From a client's tools to groups: which toolset each belongs to, and which may be called now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from server.decode.request import OfferedTool, ToolGroup
from server.prompt import NO_TOOLSET, SUMMARIZE
from toolsets import Registry, Tool, Toolset

OWN_TOOLS = "tools"
"""Name of the group of tools that belong to no toolset."""


def group_tools(tools: Iterable[Tool], registry: Registry) -> tuple[ToolGroup, ...]:
    """Group `tools` by registered toolset, else by the `server` of a name `server__tool`, else under `tools`.

    The order is that of first appearance, so that equal requests have equal prompts.
    """
    groups: dict[str, list[OfferedTool]] = {}
    registered: dict[str, Toolset] = {}
    for tool in tools:
        match = registry.find(tool.name, tool.digest)
        if match is not None:
            name = match.toolset.name
            registered[name] = match.toolset
            offered = OfferedTool(tool, match.tool.name, match.tool, match.same_schema)
        else:
            server, separator, bare = tool.name.partition("__")
            free = server not in registry.toolsets and server != NO_TOOLSET
            prefixed = bool(separator and server and bare and free)
            name = server if prefixed else OWN_TOOLS
            offered = OfferedTool(tool, bare if prefixed else tool.name)
        groups.setdefault(name, []).append(offered)
    return tuple(_group(name, _distinct(offered), registered.get(name)) for name, offered in groups.items())


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


def _distinct(offered: list[OfferedTool]) -> tuple[OfferedTool, ...]:
    """Tools whose shown names clash, with each other or with `summarize`, are shown under the client's own names."""
    seen = [item.shown for item in offered]
    reserved = f"{SUMMARIZE}_"
    distinct = []
    for item in offered:
        if seen.count(item.shown) > 1:
            item = replace(item, shown=item.tool.name)
        if item.shown == SUMMARIZE:
            item = replace(item, shown=reserved)
        distinct.append(item)
    return tuple(distinct)


def _group(name: str, offered: tuple[OfferedTool, ...], toolset: Toolset | None) -> ToolGroup:
    if toolset is not None:
        return ToolGroup(name, toolset.description, offered, toolset)
    # Nobody described this group: its tools' names say what it is for.
    return ToolGroup(name, ", ".join(item.shown for item in offered), offered)
