"""Where a JSON Schema holds further schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

Path = tuple[tuple[str | int, ...], ...]
"""The way to a schema inside another: for each schema on it, the keys that lead there."""

_ONE: Final = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_SEVERAL: Final = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
_NAMED: Final = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")


def subschemas(schema: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The schema and every schema inside it that is an object, each with its path, outermost first."""
    queue: list[tuple[Path, Any]] = [((), schema)]
    for path, current in queue:
        if isinstance(current, dict):
            yield path, current
            queue += [((*path, way), part) for key in current for way, part in _inside(key, current[key])]


def _inside(key: str, value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if key in _ONE and isinstance(value, dict):
        yield (key,), value
    elif key in _SEVERAL and isinstance(value, list):
        yield from (((key, index), part) for index, part in enumerate(value))
    elif key in _NAMED and isinstance(value, dict):
        yield from (((key, name), part) for name, part in value.items())


def dotted(path: Iterable[str | int]) -> str:
    """`properties.paths.items[0]`, or nothing for the schema itself."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def keyword_path(path: Path, *keyword: str | int) -> str:
    """A keyword of the schema at `path`, dotted."""
    return dotted([*(step for way in path for step in way), *keyword])
