"""What a JSON Schema means, apart from how it is written.

A client seldom sends a tool's schema as the MCP server gave it: libraries drop titles, inline `$ref`s,
reorder `required`. `schema_digest` is the same for all of these, and another for a schema that accepts other
arguments. Each subschema is hashed by itself and stands in its parent as its hash (a Merkle tree), so that a
`$ref` and the definition it names are one thing, and a schema of nested references costs no more than its
own length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]

_ANNOTATIONS = frozenset({"$schema", "$comment", "title", "description", "examples", "default"})
_DEFINITIONS = frozenset({"$defs", "definitions"})
_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS_OF_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset(
    {"additionalProperties", "items", "not", "if", "then", "else", "contains", "propertyNames"}
    | {"unevaluatedItems", "unevaluatedProperties", "additionalItems"}
)
# Keywords that accept everything, and so say nothing, at these values.
_EMPTY: Mapping[str, tuple[Any, ...]] = {
    "required": ([],),
    "properties": ({},),
    "additionalProperties": (True, {}),
}


def schema_digest(schema: Schema) -> str:
    """SHA-256, in hex, of what `schema` accepts; annotations, order and unused definitions do not count."""
    return _Hasher(schema).digest(schema)


def prune_definitions(schema: Schema) -> dict[str, Any]:
    """`schema` without the entries of its `$defs` and `definitions` that no `$ref` reaches."""
    pruned = {key: value for key, value in schema.items() if key not in _DEFINITIONS}
    pending: list[Any] = [pruned]
    reached: set[tuple[str, str]] = set()
    while pending:
        for ref in _refs(pending.pop()):
            table, _, rest = ref.removeprefix("#/").partition("/")
            place = (table, _unescape(rest.partition("/")[0]))
            if place in reached or table not in _DEFINITIONS or place[1] not in schema.get(table, {}):
                continue
            reached.add(place)
            pending.append(schema[table][place[1]])
    for table in _DEFINITIONS & schema.keys():
        kept = {name: value for name, value in schema[table].items() if (table, name) in reached}
        if kept:
            pruned[table] = kept
    return {key: pruned[key] for key in schema if key in pruned}


class _Hasher:
    """Hashes the subschemas of one root schema, against which its `$ref`s resolve."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[str, Any] = {}
        self._open: set[str] = set()

    def digest(self, schema: Any) -> str:
        text = json.dumps(self._form(schema), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _form(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        # In the order of the keys: where a cycle of references is cut depends on where it was entered.
        form = {
            key: self._keyword(key, value)
            for key, value in sorted(schema.items())
            if key not in _ANNOTATIONS | _DEFINITIONS and value not in _EMPTY.get(key, ())
        }
        # A reference with nothing beside it is its target; `{}` and `true` both accept everything.
        return form["$ref"] if form.keys() == {"$ref"} else form or True

    def _keyword(self, key: str, value: Any) -> Any:
        if key == "$ref" and isinstance(value, str):
            return self._target(value)
        if key == "required" and isinstance(value, list):
            return sorted(value, key=str)
        if key in _MAPS_OF_SCHEMAS and isinstance(value, Mapping):
            return {name: self.digest(schema) for name, schema in sorted(value.items())}
        if (key in _LISTS_OF_SCHEMAS or key == "items") and isinstance(value, list):
            return [self.digest(schema) for schema in value]
        return self.digest(value) if key in _SCHEMAS else _plain(value)

    def _target(self, ref: str) -> Any:
        """What `ref` names, in canonical form; its own text where it names nothing here or closes a cycle."""
        if ref in self._open:
            return {"$ref": ref}
        if ref not in self._known:
            self._open.add(ref)
            found, target = _resolve(self._root, ref)
            self._known[ref] = self._form(target) if found else {"$ref": ref}
            self._open.discard(ref)
        return self._known[ref]


def _resolve(root: Schema, ref: str) -> tuple[bool, Any]:
    """Follow a JSON pointer (RFC 6901) in a fragment, `#/$defs/Name`; (False, None) when nothing is there."""
    if not ref.startswith("#"):
        return False, None
    here: Any = root
    for part in ref[1:].split("/")[1:]:
        step = _unescape(part)
        if isinstance(here, Mapping) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return False, None
    return ref in ("", "#") or ref.startswith("#/"), here


def _unescape(part: str) -> str:
    return unquote(part).replace("~1", "/").replace("~0", "~")


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _plain(value: Any) -> Any:
    """A value with whole floats as integers: JSON Schema holds 1.0 and 1 to be equal, JSON text does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value
