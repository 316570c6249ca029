"""Does a text validate against the whole of a JSON Schema?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY, specification_with

from server.constraints.guard import Unchecked, compiled_pattern, errors_of, validator
from server.constraints.jsontext import canonical, parse
from server.constraints.keywords import Path, dotted, keyword_path, subschemas

MAX_NESTING: Final = 40
"""Schemas inside schemas; checking a schema takes up to 13 interpreter frames for each."""

_DIALECTS: Final[tuple[type[Validator], ...]] = (
    jsonschema.Draft202012Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft4Validator,
    jsonschema.Draft201909Validator,
    jsonschema.Draft6Validator,
)
_UNDECLARED: Final = _DIALECTS[:3]
"""Tried in turn where no `$schema` says which one: many tools write tuples or exclusive bounds in the older forms."""

_REPEATED: Final = re.compile("[*+{]")
"""What makes the search for a pattern slow."""


def violation(text: str, schema: Mapping[str, Any]) -> str | None:
    """Why `text` is not a JSON value that validates against `schema`: one line that names the path, or None."""
    try:
        # A number beyond a double's range is JSON all the same.
        value = parse(text, finite=False)
    except ValueError as error:
        return f"not JSON: {error}"
    try:
        worst = best_match(checker(schema).errors(value))
    except Unchecked as problem:
        return str(problem)
    return None if worst is None else _described(worst)


def _described(error: ValidationError) -> str:
    """One line: the path of the offending value and what is wrong with it."""
    message = " ".join(error.message.split())
    return f"{error.json_path}: {message if len(message) <= 300 else message[:300] + ' ...'}"


def checker(schema: Mapping[str, Any]) -> Checker:
    """The checker of a schema, from a cache. Raises `Unchecked`, as `Checker` does."""
    try:
        return _checker(canonical(schema))
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unchecked(f"not a JSON value: {reason}") from None


class Checker:
    """Applies one schema, or a part of it, to values.

    A schema that leaves it open whether it is one of objects is so understood: arguments are. Raises `Unchecked`,
    naming the path, for a schema that could not be applied to every value: it is not valid in its dialect, is nested
    too deeply, or has a reference that leads out of it or a pattern that is no regular expression.
    """

    def __init__(self, text: str) -> None:
        schema = parse(text)
        parts = _parts(schema)
        kind = _dialect(schema)
        if "type" not in schema or "object" in schema["type"]:
            schema["type"] = "object"
        self.schema: Mapping[str, Any] = schema
        for _, part in parts:
            # A part that names its dialect would be checked by the library's own class, without the limits.
            part.pop("$schema", None)
        self.keywords = frozenset(kind.VALIDATORS) | {"exclusiveMinimum", "exclusiveMaximum"}
        """What has an effect in this dialect; everything else is an annotation."""
        self.rebased = any({"$id", "id"} & part.keys() for path, part in parts if path)
        """Whether references mean different things in different parts."""

        specification = specification_with(kind.META_SCHEMA["$schema"], default=DRAFT202012)
        try:
            self._resolver = EMPTY_REGISTRY.resolver_with_root(specification.create_resource(schema))
            self._validator = validator(kind, schema)
        except ValueError as error:
            raise Unchecked(f"$id: {error}") from None
        for path, part in parts:
            self._check_reference(path, part)
            _check_patterns(path, part)
        _check_unevaluated(parts)

    def errors(self, value: Any, part: Any = None) -> list[ValidationError]:
        """What is wrong with `value` by the schema, or by `part`, whose references are resolved in the schema.

        Raises `Unchecked`.
        """
        return errors_of(self._validator if part is None else self._validator.evolve(schema=part), value)

    def accepts(self, value: Any, part: Any = None) -> bool:
        """Raises `Unchecked`."""
        return not self.errors(value, part)

    def target(self, reference: str) -> Any:
        """The part of the schema that a reference names. Raises `Unchecked` where there is none."""
        try:
            return self._resolver.lookup(reference).contents
        except (Unresolvable, ValueError, TypeError, AttributeError):
            raise Unchecked(f"{reference!r} is not in this schema, and none is fetched") from None

    def _check_reference(self, path: Path, part: Mapping[str, Any]) -> None:
        # In a part with an `$id` of its own, a reference starts from there, and is left to the check of values.
        if "$ref" in part and not self.rebased:
            try:
                self.target(part["$ref"])
            except Unchecked as problem:
                raise Unchecked(f"{keyword_path(path, '$ref')}: {problem}") from None


@lru_cache(maxsize=256)
def _checker(text: str) -> Checker:
    return Checker(text)


def _parts(schema: Mapping[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    parts = []
    for path, part in subschemas(schema):
        if len(path) > MAX_NESTING:
            raise Unchecked(f"schemas are nested more than {MAX_NESTING} deep")
        parts.append((path, part))
    return parts


def _dialect(schema: Mapping[str, Any]) -> type[Validator]:
    """The JSON Schema that a schema is written in. Raises `Unchecked` where it is not valid there."""
    candidates = _UNDECLARED
    if isinstance(declared := schema.get("$schema"), str):
        named = jsonschema.validators.validator_for({"$schema": declared}, default=jsonschema.Draft202012Validator)
        if named not in _DIALECTS:
            raise Unchecked(f"$schema: {declared!r} is too old: write the schema in draft 4 or a later one")
        candidates = (named,)
    problems = []
    for candidate in candidates:
        error = best_match(errors_of(validator(candidate, candidate.META_SCHEMA), schema))
        if error is None:
            return candidate
        where = dotted(error.absolute_path)
        problems.append(f"{where}: {error.message[:200]}" if where else error.message[:200])
    raise Unchecked(problems[0])


def _check_patterns(path: Path, part: Mapping[str, Any]) -> None:
    for keyword, pattern in _patterns(part):
        try:
            compiled_pattern(pattern)
        except Unchecked as problem:
            raise Unchecked(f"{keyword_path(path, keyword)}: {problem}") from None


def _patterns(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "pattern" in part:
        yield "pattern", part["pattern"]
    yield from (("patternProperties", pattern) for pattern in part.get("patternProperties", ()))


def _check_unevaluated(parts: list[tuple[Path, dict[str, Any]]]) -> None:
    """Only here the library itself searches for patterns, and nothing limits how long."""
    if any("unevaluatedProperties" in part for _, part in parts):
        for path, part in parts:
            for pattern in part.get("patternProperties", ()):
                if _REPEATED.search(pattern):
                    where = keyword_path(path, "patternProperties")
                    raise Unchecked(f"{where}: {pattern[:80]!r} is too complex beside 'unevaluatedProperties'")
