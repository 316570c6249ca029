"""A JSON Schema, reduced to what xgrammar enforces, and whether anything was lost on the way.

xgrammar turns most of JSON Schema into a grammar, ignores some keywords, refuses others and misreads a few, the
lengths of strings among them, which lose their escapes. Kept here is what it does right; what is left out makes the
reduction inexact, and then the text is checked against the whole schema before it leaves. These narrowings are made on
purpose, since a small model that is not offered nonsense does not write it: undeclared properties are allowed only
where the schema says so or names no `properties` at all, and the type, where it is left open, is the one that the
other keywords are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from server.constraints.check import checker
from server.constraints.guard import Unchecked

_ANNOTATIONS: Final = {
    *("$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples"),
    *("deprecated", "readOnly", "writeOnly", "nullable"),
}
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": (),
    "integer": ("minimum", "maximum"),
}
_TYPES: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
_MOST_ITEMS: Final = 64
"""Counted repeats above this make grammars that take the engine seconds to compile."""
_LARGEST: Final = 2**63 - 1
"""Of the integers: more digits than a program reads are no use to anybody."""

Reduced = dict[str, Any]


class Reducer:
    """Reduces one schema; `exact` tells afterwards whether the grammar alone guarantees validity."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self.exact = True

    def whole(self) -> Reduced:
        """The reduction of the schema and its definitions, narrowed to objects where its type is left open."""
        reduced = self.reduce(self._schema) or {"type": "object"}
        definitions = {
            name: {key: self.reduce(part) for key, part in self._schema[name].items()}
            for name in ("$defs", "definitions")
            if self._schema.get(name)
        }
        return reduced | definitions

    def reduce(self, schema: Any) -> Reduced:
        """The reduction of one part of the schema; `{}` allows every value."""
        if schema is True:
            return {}
        if schema is False:
            return self._lost({})
        words = set(schema) - _ANNOTATIONS
        if not words:
            return {}
        if words & {"const", "enum"}:
            return self._values(schema)
        if words == {"$ref"} and str(schema["$ref"]).startswith(("#/$defs/", "#/definitions/")):
            return {"$ref": schema["$ref"]}
        for union in ("anyOf", "oneOf"):
            if words <= {union, "type"} and union in words:
                # What a `oneOf` forbids is that two branches fit, which a grammar cannot say.
                self.exact = self.exact and words == {"anyOf"}
                return {"anyOf": [self.reduce(part) for part in schema[union]]}
        if words == {"allOf"} and len(schema["allOf"]) == 1:
            return self.reduce(schema["allOf"][0])
        return self._typed(schema, words)

    def _typed(self, schema: Mapping[str, Any], words: set[str]) -> Reduced:
        kinds = schema.get("type")
        if kinds is None:
            self.exact = False
            kinds = next((kind for kind, about in _ABOUT.items() if words & set(about)), ())
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        if not kinds:
            return {}
        if words - {"type", *(word for kind in kinds for word in _ABOUT.get(kind, ()))}:
            self.exact = False
        branches = [{"type": kind} | self._details(kind, schema) for kind in kinds]
        return branches[0] if len(branches) == 1 else {"anyOf": branches}

    def _details(self, kind: str, schema: Mapping[str, Any]) -> Reduced:
        match kind:
            case "object":
                return self._members(schema)
            case "array":
                items = {"items": self.reduce(schema["items"])} if "items" in schema else {}
                return items | self._bounds(schema, "minItems", "maxItems", _MOST_ITEMS)
            case "integer":
                return {"minimum": -_LARGEST, "maximum": _LARGEST} | self._bounds(
                    schema, "minimum", "maximum", _LARGEST
                )
            case _:
                return {}

    def _members(self, schema: Mapping[str, Any]) -> Reduced:
        required = list(schema.get("required", ()))
        undeclared = [name for name in required if name not in schema.get("properties", {})]
        declared = {
            **schema.get("properties", {}),
            **dict.fromkeys(undeclared, schema.get("additionalProperties", True)),
        }
        # An empty `properties` is how tools that take no arguments are written.
        others = schema.get("additionalProperties", not declared and "properties" not in schema)
        if others is not False and declared:
            # Nothing keeps an undeclared name from being a declared one again, with another value.
            self.exact = False
        return {
            "properties": {name: self.reduce(part) for name, part in declared.items()},
            "required": required,
            "additionalProperties": others if isinstance(others, bool) else self.reduce(others),
        }

    def _bounds(self, schema: Mapping[str, Any], low: str, high: str, limit: int) -> Reduced:
        """Those of the two bounds that the grammar can count up to."""
        bounds: Reduced = {}
        for name in (low, high):
            if name in schema:
                if isinstance(schema[name], int) and abs(schema[name]) <= limit:
                    bounds[name] = schema[name]
                else:
                    self.exact = False
        return bounds

    def _values(self, schema: Mapping[str, Any]) -> Reduced:
        """The listed values that the rest of the schema allows; they are few enough to be tried."""
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        try:
            allowed = [value for value in values if checker(self._schema).accepts(value, schema)]
        except Unchecked:
            allowed = []
        return {"enum": allowed} if allowed else self._lost({})

    def _lost(self, reduced: Reduced) -> Reduced:
        self.exact = False
        return reduced
