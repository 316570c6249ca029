"""A JSON Schema, reduced to what xgrammar enforces, and whether anything was lost on the way.

xgrammar turns most of JSON Schema into a grammar, ignores some keywords, refuses others and misreads a few, the
lengths of strings among them, which lose their escapes. Kept here is what it does right, and what it does right in
most cases, which makes the reduction inexact, as everything does that is left out; then the text is checked against
the whole schema before it leaves. These narrowings are made on purpose, since a small model that is not offered
nonsense does not write it: undeclared properties are allowed only where the schema says so or names no `properties` at
all; the type, where it is left open, is the one that the other keywords are about; strings that are short or match a
pattern which is anchored at both ends have no escapes; integers have 64 bits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from server.constraints.check import Checker
from server.constraints.formats import FORMATS
from server.constraints.guard import Unchecked, pattern_size
from server.constraints.jsontext import canonical
from server.constraints.merge import merged

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "string": frozenset({"pattern", "format", "minLength", "maxLength"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
}
"""The keywords that are read for each type; integers are numbers. What is about other types has no effect on one."""

_READ: Final = frozenset({"const", "enum", "type", "$ref", "anyOf", "oneOf", "allOf"}.union(*_WORDS.values()))

_READ_AS_MEANT: Final = re.compile(
    r"""\^(?: [\w\ @:/,;=%#!~&<>'"-]        # itself
            | \\[dw.*+?^$(){}|/\\\[\]-]     # an escape
            | \[(?!\^)(?:[\w\ @:/,;=%#!~&<>'.*+?$(){}|-]|\\[dw.*+?^$(){}|/\\\[\]-])+\]
            | \(\?: | \((?!\?) | [)|*+?]
            | \{\d{1,3}(?:,\d{0,3})?\} )*\$""",
    re.VERBOSE | re.ASCII,
)
"""Patterns of whole strings in which xgrammar overlooks nothing."""

_EXACT_FORMATS: Final = {"uuid"}
_MOST_ITEMS: Final = 64
_MOST_CHARACTERS: Final = 64
_MOST_VALUES: Final = 2_000
_MOST_PARTS: Final = 2_000
_MOST_PATTERN: Final = 2_000
"""Characters of all patterns together, as compiled. All five keep hostile schemas from taking the engine's time."""
_LARGEST: Final = 2**63 - 1

Reduced = dict[str, Any]


class Reducer:
    """Reduces one schema; `exact` tells afterwards whether the grammar alone guarantees validity."""

    def __init__(self, rules: Checker) -> None:
        self._rules = rules
        self._parts = _MOST_PARTS
        self._pattern = _MOST_PATTERN
        self._names: dict[str, str] = {}
        self.exact = not rules.rebased
        self.shared: dict[str, Reduced] = {}
        """What the reduction refers to, by name, as `#/$defs/<name>`."""

    def whole(self) -> Reduced:
        """The reduction of the whole schema. Raises ValueError or RecursionError if it is too large for a grammar."""
        return {**self.reduce(self._rules.schema), "$defs": self.shared}

    def reduce(self, schema: Any) -> Reduced:
        """The reduction of one part of the schema; `{}` allows every value."""
        self._parts -= 1
        if self._parts < 0:
            raise ValueError("the schema has too many parts")
        if not isinstance(schema, Mapping):
            return self._inexact({}) if schema is not True else {}
        effective = self._rules.keywords & schema.keys()
        if schema.get("propertyNames") in (True, {}, {"type": "string"}):
            effective -= {"propertyNames"}
        if effective - _READ:
            self.exact = False
        schema = {word: rule for word, rule in schema.items() if word in effective & _READ}
        words = frozenset(schema)
        if words & {"const", "enum"}:
            return self._values(schema)
        if words <= {"$ref", "type"} and "$ref" in words:
            return self._reference(schema)
        for union in ("anyOf", "oneOf"):
            if union in words:
                return self._union(schema, union)
        if words == {"allOf"} and len(schema["allOf"]) == 1:
            return self.reduce(schema["allOf"][0])
        if words & {"allOf", "$ref"}:
            return self._inexact(self._share(canonical(schema), merged(schema, self._rules)))
        return self._typed(schema, words)

    def _reference(self, schema: Mapping[str, Any]) -> Reduced:
        reference = schema["$ref"]
        try:
            target = self._rules.target(reference)
        except Unchecked:
            return self._inexact({})
        if not reference.startswith("#"):
            return self._inexact({})
        if "type" in schema and not (isinstance(target, Mapping) and target.get("type") == schema["type"]):
            self.exact = False
        return self._share(reference, target)

    def _share(self, key: str, part: Any) -> Reduced:
        """A reference to the reduction of a part, which is made once, since it may refer to itself."""
        if key not in self._names:
            self._names[key] = f"part{len(self._names)}"
            self.shared[self._names[key]] = self.reduce(part)
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def _union(self, schema: Mapping[str, Any], union: str) -> Reduced:
        if union == "oneOf":
            # It forbids that two branches fit, which a grammar cannot say.
            self.exact = False
        parts = [part for part in schema[union] if part is not False]
        beside = {word: rule for word, rule in schema.items() if word != union}
        if beside.keys() - {"type"}:
            # What stands beside the union holds for each of its branches.
            branches = [merged({"allOf": [beside, part]}, self._rules) for part in parts]
            return self._inexact(self._share(canonical(schema), {"anyOf": branches}))
        if beside:
            parts = [beside | ({} if part is True else part) for part in parts]
            fitting = [part for part in parts if part["type"] == schema["type"]]
            self.exact = self.exact and len(fitting) == len(parts)
            parts = fitting or parts
        return {"anyOf": [self.reduce(part) for part in parts]} if parts else self._inexact({})

    def _values(self, schema: Mapping[str, Any]) -> Reduced:
        """The listed values that the rest of the schema allows: they are tried, all in one check with its limits."""
        listed = "enum" if "enum" in schema else "const"
        values = schema["enum"] if listed == "enum" else [schema["const"]]
        if len(values) > _MOST_VALUES:
            return self._inexact({key: schema[key] for key in ("type",) if key in schema})
        rest = {key: rule for key, rule in schema.items() if key != listed}
        try:
            wrong = {error.absolute_path[0] for error in self._rules.errors(values, {"items": rest})}
        except Unchecked:
            return self._inexact({})
        allowed = [value for index, value in enumerate(values) if index not in wrong]
        return {"enum": allowed} if allowed else self._inexact({})

    def _typed(self, schema: Mapping[str, Any], words: frozenset[str]) -> Reduced:
        kinds = schema.get("type") or next(([kind] for kind, about in _WORDS.items() if words & about), [])
        branches = [self._of_type(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        return {"anyOf": branches} if len(branches) > 1 else branches[0] if branches else {}

    def _of_type(self, kind: str, schema: Mapping[str, Any]) -> Reduced:
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return {"type": kind} | self._string(schema)
            case "integer":
                return self._integer(schema)
            case "number":
                return {"type": kind} | self._number(schema)
            case _:
                return {"type": kind}

    def _object(self, schema: Mapping[str, Any]) -> Reduced:
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
            "type": "object",
            "properties": {
                name: self.reduce(part) for name, part in declared.items() if part is not False or name in required
            },
            "required": required,
            "additionalProperties": others if isinstance(others, bool) else self.reduce(others),
        }

    def _array(self, schema: Mapping[str, Any]) -> Reduced:
        first, rest = schema.get("prefixItems", []), schema.get("items", True)
        if isinstance(rest, list):  # a tuple, as the older dialects write it
            first, rest = rest, schema.get("additionalItems", True)
        reduced: Reduced = {"type": "array", "items": rest if isinstance(rest, bool) else self.reduce(rest)}
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        if first:
            reduced["prefixItems"] = [self.reduce(part) for part in first[: min(most, _MOST_ITEMS)]]
        if least > min(most, _MOST_ITEMS) or _MOST_ITEMS < most < math.inf or len(first) > _MOST_ITEMS:
            return self._inexact(reduced)
        return reduced | {"minItems": least} | ({"maxItems": most} if most < math.inf else {})

    def _string(self, schema: Mapping[str, Any]) -> Reduced:
        pattern, form = schema.get("pattern"), schema.get("format")
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        if pattern is not None or least > 0 or most < math.inf:
            self.exact = False
        if pattern is not None and not _READ_AS_MEANT.fullmatch(pattern):
            pattern = None
        if pattern is None and form not in FORMATS and least <= most <= _MOST_CHARACTERS:
            # Without a limit that it feels, a small model does not come to an end.
            pattern = f'^[^"\\\\\\x00-\\x1f]{{{least},{most}}}$'
        if pattern is not None:
            self._pattern -= pattern_size(pattern)
            return {"pattern": pattern} if self._pattern >= 0 else {}
        if form not in FORMATS:
            return {}
        self.exact = self.exact and form in _EXACT_FORMATS
        return {"format": form}

    def _integer(self, schema: Mapping[str, Any]) -> Reduced:
        low, high = -_LARGEST, _LARGEST
        if "minimum" in schema:
            low = max(low, math.ceil(schema["minimum"]))
        if "maximum" in schema:
            high = min(high, math.floor(schema["maximum"]))
        if (over := _exclusive(schema, "inimum")) is not None:
            low = max(low, math.floor(over) + 1)
        if (under := _exclusive(schema, "aximum")) is not None:
            high = min(high, math.ceil(under) - 1)
        if low > high:
            return self._inexact({"type": "integer"})
        # The grammar of a range is long: one for all integers that share it.
        self.shared[f"{low}..{high}"] = {"type": "integer", "minimum": low, "maximum": high}
        return {"$ref": f"#/$defs/{low}..{high}"}

    def _number(self, schema: Mapping[str, Any]) -> Reduced:
        bounds = {name: schema[name] for name in ("minimum", "maximum") if name in schema}
        for end in ("inimum", "aximum"):
            if (bound := _exclusive(schema, end)) is not None:
                bounds[f"exclusiveM{end}"] = bound
        if bounds:
            self.exact = False
        # xgrammar knows six decimals.
        return bounds if all(abs(bound) < 1e15 and bound == round(bound, 6) for bound in bounds.values()) else {}

    def _inexact(self, reduced: Reduced) -> Reduced:
        self.exact = False
        return reduced


def _exclusive(schema: Mapping[str, Any], end: str) -> float | None:
    """The exclusive bound; in draft 4 the keyword says that the other one is meant so."""
    bound = schema.get(f"exclusiveM{end}")
    if isinstance(bound, bool):
        bound = schema.get(f"m{end}") if bound else None
    return bound
