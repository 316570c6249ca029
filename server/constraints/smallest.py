"""Small values for a schema, part by part. Candidates, not proofs: whoever asks checks the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server.constraints.check import Checker
from server.constraints.formats import FORMATS
from server.constraints.guard import Unchecked

_DEEPEST: Final = 32
_STRINGS: Final = ("", "a", "A", "0", "a0", "A0", "ab", "01", "a-b", "a.b", "a_b", "a/b", "a@b.co", "https://a.b")
"""What simple patterns tend to match."""


class Smallest:
    """Makes candidates for the parts of one schema."""

    def __init__(self, rules: Checker, schema: Mapping[str, Any]) -> None:
        self._rules = rules
        self._schema = schema

    def value(self, part: Any, depth: int = 0) -> Any:
        """The first candidate that `part` accepts by itself; where none does, the last one."""
        if not isinstance(part, Mapping) or depth > _DEEPEST:
            return None
        candidate = None
        for candidate in self._candidates(part, depth):
            if self.fits(candidate, part):
                break
        return candidate

    def fits(self, value: Any, part: Any) -> bool:
        """Whether `part` accepts `value`; not if that cannot be told."""
        try:
            return self._rules.accepts(value, part)
        except Unchecked:
            return False

    def _candidates(self, part: Mapping[str, Any], depth: int) -> Iterator[Any]:
        if "const" in part:
            yield part["const"]
        yield from part.get("enum", ())
        if "default" in part:
            yield part["default"]
        if isinstance(part.get("$ref"), str):
            yield self.value(self._target(part["$ref"]), depth + 1)
        for union in ("anyOf", "oneOf", "allOf"):
            for branch in part.get(union, ()):
                # What stands beside the union holds for each of its branches.
                beside = {key: rule for key, rule in part.items() if key not in ("anyOf", "oneOf", "allOf")}
                yield self.value({**beside, **branch} if isinstance(branch, Mapping) else beside, depth + 1)
        if "allOf" in part:
            yield self.value(_merged(part), depth + 1)
        kinds = part.get("type", ("object", "array", "string", "integer"))
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            yield from self._of_type(kind, part, depth)

    def _of_type(self, kind: str, part: Mapping[str, Any], depth: int) -> Iterator[Any]:
        match kind:
            case "object":
                parts = part.get("properties", {})
                yield {name: self.value(parts.get(name, True), depth + 1) for name in part.get("required", ())}
                yield {name: self.value(inner, depth + 1) for name, inner in parts.items()}
            case "array":
                first = [self.value(item, depth + 1) for item in part.get("prefixItems", ())]
                rest = max(0, part.get("minItems", 0) - len(first))
                yield first + [self.value(part.get("items", True), depth + 1)] * min(rest, 1000)
            case "string":
                if part.get("format") in FORMATS:
                    yield FORMATS[part["format"]].example
                yield from (text.ljust(min(part.get("minLength", 0), 100_000), "x") for text in _STRINGS)
            case "integer" | "number":
                # The repair of numbers moves it within the bounds.
                yield part.get("minimum", min(0, part.get("maximum", 0)))
            case "boolean":
                yield False
                yield True
            case _:
                yield None

    def _target(self, reference: str) -> Any:
        target: Any = self._schema
        for step in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
        return target


def _merged(part: Mapping[str, Any]) -> dict[str, Any]:
    """The branches of `allOf` in one, as far as they only add properties and demand some."""
    merged: dict[str, Any] = {key: rule for key, rule in part.items() if key != "allOf"}
    for branch in part["allOf"]:
        for key, rule in branch.items() if isinstance(branch, Mapping) else ():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **rule}
            elif key == "required":
                merged[key] = [*merged.get(key, ()), *rule]
            else:
                merged.setdefault(key, rule)
    return merged
