"""Is a client's JSON Schema one that arguments can be written for? Asked before anything is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.constraints.jsontext import canonical
from server.constraints.keywords import dialect, dotted, subschemas


def schema_error(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with the schema of a function's parameters: one line that names the path, or None.

    It must be a valid JSON Schema of objects whose references stay inside it.
    """
    try:
        _, problem = dialect(canonical(schema))
    except (RecursionError, ValueError):
        return "schemas are nested too deeply"
    if problem is not None:
        return problem
    if schema.get("type", "object") != "object":
        return f"type: must be 'object', not {schema['type']!r}"
    for path, part in subschemas(schema):
        reference = part.get("$ref")
        if isinstance(reference, str) and not _leads_somewhere(reference, schema):
            where = dotted([step for way in path for step in way] + ["$ref"])
            return f"{where}: {reference!r} is not in this schema, and none is fetched"
    return None


def strict_error(schema: Mapping[str, Any]) -> str | None:
    """What keeps a schema from OpenAI's strict mode: one line that names the path, or None.

    Every object names all its properties as required and allows no others
    (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
    """
    if schema.get("type") != "object":
        return "strict mode: the schema itself must have the type 'object'"
    for path, part in subschemas(schema):
        where = dotted(step for way in path for step in way) or "the schema itself"
        if part.get("type") != "object" and "properties" not in part:
            continue
        if part.get("additionalProperties") is not False:
            return f"strict mode: {where}: 'additionalProperties' must be false"
        missing = [name for name in part.get("properties", {}) if name not in part.get("required", ())]
        if missing:
            return f"strict mode: {where}: 'required' must name every property, and {missing[0]!r} is missing"
    return None


def _leads_somewhere(reference: str, schema: Mapping[str, Any]) -> bool:
    """Whether a JSON pointer (RFC 6901) has a target; anchors are left to the check of values."""
    if not reference.startswith("#"):
        return False
    if not reference.startswith("#/"):
        return True
    target: Any = schema
    for step in reference[2:].split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping) and key in target:
            target = target[key]
        elif isinstance(target, list) and key.isdecimal() and int(key) < len(target):
            target = target[int(key)]
        else:
            return False
    return True
