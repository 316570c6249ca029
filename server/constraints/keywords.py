"""Where a JSON Schema holds further schemas, and which JSON Schema it is written in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

import jsonschema
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

from server.constraints.guard import Unchecked, errors_of, validator
from server.constraints.jsontext import parse

Path = tuple[tuple[str | int, ...], ...]
"""The way to a schema inside another: for each schema on it, the keys that lead there."""

MAX_NESTING: Final = 40
"""Schemas inside schemas; checking a schema takes up to 13 interpreter frames for each."""

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


@lru_cache(maxsize=512)
def dialect(text: str) -> tuple[type[Validator], str | None]:
    """The JSON Schema that a schema's text is written in, and what is wrong with it there.

    `$schema` decides. Without it, it is the newest of 2020-12, draft 7 and draft 4 in which the schema is valid: many
    tools write tuples or exclusive bounds in the older forms and do not say so.
    """
    schema = parse(text)
    for path, _ in subschemas(schema):
        if len(path) > MAX_NESTING:
            return jsonschema.Draft202012Validator, f"schemas are nested more than {MAX_NESTING} deep"
    declared = schema.get("$schema")
    if isinstance(declared, str):
        named: type[Validator] = jsonschema.validators.validator_for(
            {"$schema": declared}, default=jsonschema.Draft202012Validator
        )
        return named, _metaschema_error(named, schema)
    candidates = (jsonschema.Draft202012Validator, jsonschema.Draft7Validator, jsonschema.Draft4Validator)
    problems = []
    for candidate in candidates:
        problem = _metaschema_error(candidate, schema)
        if problem is None:
            return candidate, None
        problems.append(problem)
    return candidates[0], problems[0]


def _metaschema_error(dialect: type[Validator], schema: Any) -> str | None:
    try:
        error = best_match(errors_of(validator(dialect, dialect.META_SCHEMA), schema))
    except Unchecked as problem:
        return str(problem)
    if error is None:
        return None
    where = dotted(error.absolute_path)
    return f"{where}: {error.message[:200]}" if where else error.message[:200]
