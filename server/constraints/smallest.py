"""Small values for a schema, part by part. Candidates, not proofs: whoever asks checks the whole."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from server.constraints.check import Checker
from server.constraints.formats import FORMATS
from server.constraints.guard import Unchecked
from server.constraints.matching import matching
from server.constraints.merge import merged

SECONDS: Final = 1.0
_DEEPEST: Final = 32
MOST: Final = 1_000
"""Items or members that are made to reach a minimum, and numbers that are tried."""
LONGEST: Final = 100_000
"""Characters of a string that is made."""

_STRINGS: Final = ("", "a", "A", "0", "aA0", "a-b", "a.b", "a_b", "a/b", "/a", "a@b.co", "https://a.b", "aA0-aA0-aA0!")
"""What simple patterns tend to match."""

_LOWER: Final = ("minimum", "exclusiveMinimum")
_UPPER: Final = ("maximum", "exclusiveMaximum")


class Smallest:
    """Makes candidates for the parts of one schema, for `SECONDS`; then raises `Unchecked`."""

    def __init__(self, rules: Checker) -> None:
        self._rules = rules
        self._deadline = time.monotonic() + SECONDS

    def value(self, part: Any, depth: int = 0) -> Any:
        """The first candidate that `part` accepts by itself; where none does, the first one, which may be mended."""
        candidates = self._candidates(part, depth)
        first = next(candidates, None)
        return next((value for value in chain([first], candidates) if self.fits(value, part)), first)

    def fits(self, value: Any, part: Any) -> bool:
        """Whether `part` accepts `value`; not if that cannot be told."""
        if time.monotonic() > self._deadline:
            raise Unchecked(f"no value was found within {SECONDS:g} s")
        try:
            return self._rules.accepts(value, part)
        except Unchecked:
            return False

    def others(self, part: Any, taken: list[Any], wanted: int, depth: int = 0) -> list[Any]:
        """Up to `wanted` values that `part` accepts, none of them among those taken."""
        found: list[Any] = []
        for candidate in self._candidates(part, depth):
            if len(found) >= min(wanted, MOST):
                break
            if not any(candidate == other for other in taken + found) and self.fits(candidate, part):
                found.append(candidate)
        return found

    def extended(self, items: list[Any], part: Mapping[str, Any], least: int, depth: int = 0) -> list[Any]:
        """The array with items added until there are `least`, all different where they must be."""
        first, rest = part.get("prefixItems", []), part.get("items", True)
        if isinstance(rest, list):
            first, rest = rest, part.get("additionalItems", True)
        items = items + [self.value(inner, depth + 1) for inner in first[len(items) : least]]
        missing = min(least, MOST) - len(items)
        if missing > 0 and part.get("uniqueItems"):
            return items + self.others(rest, items, missing, depth + 1)
        return items + [self.value(rest, depth + 1)] * missing if missing > 0 else items

    def enlarged(self, members: dict[str, Any], part: Mapping[str, Any], least: int, depth: int = 0) -> dict[str, Any]:
        """The object with members added until there are `least`: declared ones, then others."""
        parts = part.get("properties", {})
        declared = [name for name in parts if name not in members and parts[name] is not False]
        names = declared[: max(0, least - len(members))]
        rules = merged({"allOf": [{"type": "string"}, part.get("propertyNames", True)]}, self._rules)
        names += self.others(rules, [*members, *parts], least - len(members) - len(names), depth + 1)
        return members | {name: self.member(name, part, depth) for name in names}

    def member(self, name: str, part: Mapping[str, Any], depth: int = 0) -> Any:
        """A value for one member of an object."""
        if name in part.get("properties", {}):
            return self.value(part["properties"][name], depth + 1)
        return self.value(part.get("additionalProperties", True), depth + 1)

    def _candidates(self, part: Any, depth: int) -> Iterator[Any]:
        if part is False or depth > _DEEPEST:
            return
        part = part if isinstance(part, Mapping) else {}
        if "const" in part:
            yield part["const"]
        yield from part.get("enum", ())
        if "default" in part:
            yield part["default"]
        if "$ref" in part or "allOf" in part:
            yield from self._candidates(merged(part, self._rules), depth + 1)
        for union in ("anyOf", "oneOf"):
            for branch in part.get(union, ()):
                # What stands beside the union holds for each of its branches.
                beside = {key: rule for key, rule in part.items() if key != union}
                yield self.value(merged({"allOf": [branch, beside]}, self._rules), depth + 1)
        kinds = part.get("type", ("object", "array", "string", "integer"))
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            yield from self._of_type(kind, part, depth)

    def _of_type(self, kind: str, part: Mapping[str, Any], depth: int) -> Iterator[Any]:
        match kind:
            case "object":
                needed = {name: self.member(name, part, depth) for name in part.get("required", ())}
                yield self.enlarged(needed, part, part.get("minProperties", 0), depth)
                yield self.enlarged(needed, part, len({**needed, **part.get("properties", {})}), depth)
            case "array":
                yield self.extended([], part, part.get("minItems", 0), depth)
                yield self.extended([], part, part.get("minItems", 0) + 1, depth)
            case "string":
                yield from _strings(part)
            case "integer" | "number":
                yield from nearest_numbers(0, part)
            case "boolean":
                yield from (False, True)
            case _:
                yield None


def _strings(part: Mapping[str, Any]) -> Iterator[str]:
    least = min(part.get("minLength", 0), LONGEST)
    if part.get("format") in FORMATS:
        yield FORMATS[part["format"]].example
    if "pattern" in part and (found := matching(part["pattern"], least)) is not None:
        yield found
    yield from (text.ljust(least, "x") for text in _STRINGS)
    if "pattern" not in part:
        yield from (f"a{number}".ljust(least, "x") for number in range(1, MOST))


def nearest_numbers(value: float, rules: Mapping[str, Any]) -> Iterator[float]:
    """Numbers near `value` among which one is likely to be within the bounds and, where it must be, a multiple."""
    # In draft 4 the exclusive ones are no numbers, but say how the others are meant.
    low = max((rules[name] for name in _LOWER if type(rules.get(name)) in (int, float)), default=-math.inf)
    high = min((rules[name] for name in _UPPER if type(rules.get(name)) in (int, float)), default=math.inf)
    value = min(max(value, low), high)
    yield _plain(value)
    step = rules.get("multipleOf", 1)
    whole = int(value // step)
    for distance in range(MOST):
        yield _plain((whole + distance) * step)
        yield _plain((whole - distance) * step)
    if not math.isinf(high - low):
        yield (low + high) / 2


def _plain(number: float) -> float:
    return int(number) if float(number).is_integer() else number
