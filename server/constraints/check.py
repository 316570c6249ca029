"""Does a text validate against the whole of a JSON Schema?"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator

from server.constraints.guard import Unchecked, errors_of, validator
from server.constraints.jsontext import canonical, parse
from server.constraints.keywords import dialect, subschemas


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
    return None if worst is None else describe(worst)


def describe(error: ValidationError) -> str:
    """One line: the path of the offending value and what is wrong with it."""
    message = " ".join(error.message.split())
    return f"{error.json_path}: {message if len(message) <= 300 else message[:300] + ' ...'}"


def checker(schema: Mapping[str, Any]) -> Checker:
    """The checker of a schema, from a cache. Raises `Unchecked` for a schema that is nested too deeply."""
    try:
        return _checker(canonical(schema))
    except (RecursionError, ValueError):
        raise Unchecked("the schema is nested too deeply to be checked against") from None


class Checker:
    """Applies one schema, or a part of it, to values."""

    def __init__(self, schema: Mapping[str, Any], kind: type[Validator]) -> None:
        root = deepcopy(dict(schema))
        for _, part in subschemas(root):
            # A part that names its dialect would be checked by the library's own class, without the limits.
            part.pop("$schema", None)
        self._validator = validator(kind, root)

    def errors(self, value: Any, part: Any = None) -> list[ValidationError]:
        """What is wrong with `value` by the schema, or by `part`, whose references are resolved in the schema.

        Raises `Unchecked`.
        """
        return errors_of(self._validator if part is None else self._validator.evolve(schema=part), value)

    def accepts(self, value: Any, part: Any = None) -> bool:
        """Raises `Unchecked`."""
        return not self.errors(value, part)


@lru_cache(maxsize=256)
def _checker(text: str) -> Checker:
    return Checker(parse(text), dialect(text)[0])
