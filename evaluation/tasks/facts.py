"""What the raw results of the filesystem's tools show, whatever tool it was that showed it.

ToolFit asks for the output that is needed, not for a certain call: a file's name counts from a listing, a tree or a
search alike. Error results show nothing, and what is cut off a truncated one was not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import floor, log
from posixpath import normpath
from typing import Any

from toolsets.trajectory import Call, Observation

_ENTRY = re.compile(r"^\[(?:FILE|DIR)\] (.+)$")
_SIZED = re.compile(r"^(.*?)\s{4,}((?:\d+ B)|(?:\d+\.\d\d [KMGT]B))$|^(.*?)\s*$")
_INFO = re.compile(r"^(size|modified|permissions): (.+)$", re.MULTILINE)
_CUT = 2
"""Lines at the end of a truncated text that say nothing: one that may be incomplete, and the mark."""


@dataclass(frozen=True)
class Facts:
    """listed: paths that were shown to exist. fields: (path, field) -> value. texts: path -> what was shown of it."""

    listed: frozenset[str] = frozenset()
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def facts(seen: Observation, root: str) -> Facts:
    """What a call brought to light, by paths relative to `root`. Nothing for tools that are not the filesystem's."""
    arguments = arguments_of(seen.call)
    if seen.result.is_error or arguments is None:
        return Facts()
    path = relative(arguments.get("path"), root)
    text, truncated = seen.result.text, seen.result.truncated
    match seen.tool:
        case "list_directory" if path is not None:
            return Facts(frozenset(_below(path, name) for name in _names(text, truncated)))
        case "list_directory_with_sizes" if path is not None:
            sized = {_below(path, name): size for name, size in _sized(text, truncated)}
            return Facts(frozenset(sized), dict(_sizes(sized)))
        case "directory_tree" if path is not None:
            return Facts(frozenset(_tree(text, path)))
        case "search_files":
            lines = text.splitlines()[: -_CUT if truncated else None]
            found = (relative(line, root) for line in lines if line.startswith("/"))
            return Facts(frozenset(place for place in found if place is not None))
        case "get_file_info" if path is not None:
            return Facts(fields=dict(_info(path, text)))
        case "read_text_file" | "read_file" | "read_media_file" if path is not None:
            return Facts(texts={path: text})
        case "read_multiple_files":
            return Facts(texts=dict(_several(text, arguments.get("paths"), root)))
    return Facts()


def relative(path: Any, root: str) -> str | None:
    """`path`, as an argument has it, relative to the workspace; None for what is not in it."""
    if not isinstance(path, str) or not path:
        return None
    # The server takes relative paths as they stand in the workspace.
    whole = normpath(path if path.startswith("/") else f"{root}/{path}")
    if whole == root:
        return "."
    return whole[len(root) + 1 :] if whole.startswith(f"{root}/") else None


def arguments_of(call: Call) -> dict[str, Any] | None:
    """The arguments of a call as an object, None where they are none."""
    try:
        value = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _below(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _names(text: str, truncated: bool) -> Iterator[str]:
    for line in text.split("\n")[: -_CUT if truncated else None]:
        if match := _ENTRY.match(line):
            yield match[1]


def _sized(text: str, truncated: bool) -> Iterator[tuple[str, str | None]]:
    for entry in _names(text, truncated):
        if match := _SIZED.match(entry):
            yield match[1] or match[3], match[2]


def _sizes(sized: Mapping[str, str | None]) -> Iterator[tuple[tuple[str, str], str]]:
    for path, size in sized.items():
        if size is not None:
            yield (path, "rounded size"), size
            if size.endswith(" B"):
                yield (path, "size"), size.removesuffix(" B")


def _tree(text: str, folder: str) -> Iterator[str]:
    try:
        nodes = json.loads(text)
    except (ValueError, RecursionError):
        return  # also where it was truncated
    waiting = [(folder, node) for node in nodes]
    while waiting:
        place, node = waiting.pop()
        path = _below(place, node["name"])
        yield path
        waiting += [(path, child) for child in node.get("children", ())]


def _info(path: str, text: str) -> Iterator[tuple[tuple[str, str], str]]:
    values = dict(_INFO.findall(text))
    for name, value in values.items():
        yield (path, name), value
    if "isFile: true" in text and values.get("size", "").isdigit():
        yield (path, "rounded size"), rounded(int(values["size"]))


def rounded(size: int) -> str:
    """Bytes as listings with sizes show them."""
    if size < 1024:
        return f"{size} B"
    power = min(floor(log(size, 1024)), 4)
    return f"{size / 1024**power:.2f} {('KB', 'MB', 'GB', 'TB')[power - 1]}"


def _several(text: str, paths: Any, root: str) -> Iterator[tuple[str, str]]:
    """The parts of the answer to one call for several files: each under its path as it was given, in that order."""
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return
    start = 0
    for number, given in enumerate(paths):
        after = f"\n---\n{paths[number + 1]}:" if number + 1 < len(paths) else None
        end = text.find(after, start) if after else len(text)
        end = len(text) if end < 0 else end
        part = text[start:end]
        path = relative(given, root)
        if path is not None and part.startswith(f"{given}:\n"):
            yield path, part[len(given) + 2 :]
        start = end + len("\n---\n")
