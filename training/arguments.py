"""Arguments in the one form that the serving grammar accepts, and that a model is therefore taught.

Compact JSON with the properties of every object in the order of the schema; those that it does not declare follow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from server.chat_template import compact_json
from server.constraints.check import violation
from toolsets import Tool


class ArgumentsError(ValueError):
    """Arguments that the tool would not take."""


def canonical_arguments(tool: Tool, text: str) -> str:
    """`text`, the arguments of a call of `tool`, in canonical form. Raises ArgumentsError when they are not valid."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise ArgumentsError(f"the arguments of {tool.name} are not JSON: {error}") from None
    # The check comes first: what it accepts ends.
    if not isinstance(value, dict) or (problem := violation(compact_json(value), tool.parameters)):
        problem = problem if isinstance(value, dict) else "they are not an object"
        raise ArgumentsError(f"the arguments of {tool.name} break its schema: {problem}")
    return compact_json(_Order(tool.parameters).value(value, tool.parameters))


class _Order:
    """Puts the properties of a value in the order in which a root schema declares them."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._validator = Draft202012Validator(root)

    def value(self, value: Any, schema: Any) -> Any:
        if isinstance(value, dict):
            return self._object(value, list(self._parts(value, schema)))
        if isinstance(value, list):
            return self._array(value, list(self._parts(value, schema)))
        return value

    def _object(self, value: dict[str, Any], parts: list[Mapping[str, Any]]) -> dict[str, Any]:
        declared: dict[str, Any] = {}
        for part in parts:
            declared |= {key: below for key, below in part.get("properties", {}).items() if key not in declared}
        others = next((part["additionalProperties"] for part in parts if "additionalProperties" in part), True)
        order = [key for key in declared if key in value] + [key for key in value if key not in declared]
        return {key: self.value(value[key], declared.get(key, others)) for key in order}

    def _array(self, value: list[Any], parts: list[Mapping[str, Any]]) -> list[Any]:
        first: list[Any] = next((part["prefixItems"] for part in parts if "prefixItems" in part), [])
        others = next((part["items"] for part in parts if "items" in part), True)
        return [self.value(item, first[i] if i < len(first) else others) for i, item in enumerate(value)]

    def _parts(self, value: Any, schema: Any, above: tuple[Any, ...] = ()) -> Iterator[Mapping[str, Any]]:
        """The schemas that `schema` is put together of, by reference or otherwise, and that are about `value`."""
        if not isinstance(schema, Mapping) or any(schema is known for known in above):
            return
        yield schema
        above = (*above, schema)
        if isinstance(reference := schema.get("$ref"), str):
            yield from self._parts(value, self._resolve(reference), above)
        for part in schema.get("allOf", ()):
            yield from self._parts(value, part, above)
        for keyword in ("anyOf", "oneOf"):
            accepting = (p for p in schema.get(keyword, ()) if self._validator.evolve(schema=p).is_valid(value))
            yield from self._parts(value, next(accepting, True), above)

    def _resolve(self, reference: str) -> Any:
        """What a reference within the root schema names; references to elsewhere say nothing about the order."""
        found: Any = self._root
        for step in filter(None, reference.removeprefix("#").split("/")):
            found = found.get(step.replace("~1", "/").replace("~0", "~"), True) if isinstance(found, Mapping) else True
        return found
