"""Is a client's JSON Schema one that arguments can be written for, and are there any? Asked before decoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.constraints.check import checker
from server.constraints.guard import Unchecked
from server.constraints.keywords import keyword_path, subschemas

_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description"})
_NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def schema_error(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with the schema of a function's parameters: one line that names the path, or None.

    It must be a valid JSON Schema of objects whose references stay inside it.
    """
    try:
        checker(schema)
    except Unchecked as problem:
        return str(problem)
    if "object" not in schema.get("type", "object"):
        return f"type: must be 'object', not {schema['type']!r}"
    return None


def takes_nothing(schema: Mapping[str, Any]) -> bool:
    """Whether arguments can be nothing but `{}`: tools that take none declare `properties` and name none there."""
    said = {keyword: value for keyword, value in schema.items() if keyword not in _ANNOTATIONS}
    return "properties" in said and all(_NOTHING.get(keyword) == value for keyword, value in said.items())


def strict_error(schema: Mapping[str, Any]) -> str | None:
    """What keeps a schema from OpenAI's strict mode: one line that names the path, or None.

    Every object names all its properties as required and allows no others
    (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
    """
    if schema.get("type") != "object":
        return "strict mode: the schema itself must have the type 'object'"
    for path, part in subschemas(schema):
        where = keyword_path(path) or "the schema itself"
        if part.get("type") != "object" and "properties" not in part:
            continue
        if part.get("additionalProperties") is not False:
            return f"strict mode: {where}: 'additionalProperties' must be false"
        missing = [name for name in part.get("properties", {}) if name not in part.get("required", ())]
        if missing:
            return f"strict mode: {where}: 'required' must name every property, and {missing[0]!r} is missing"
    return None
