"""Validators of JSON Schema whose effort is bounded, whatever the schema.

`jsonschema` decides what is valid. What it leaves open to hostile schemas is closed here: patterns run with a time
limit, a whole check has one too, recursion ends before the interpreter's does (an overflow inside the Rust parts of
`jsonschema` would be a panic, not an exception), and nothing is ever fetched.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

import jsonschema
import referencing
import referencing.exceptions
import regex  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from server.constraints.formats import format_checker

PATTERN_SECONDS: Final = 0.25
CHECK_SECONDS: Final = 2.0
MAX_PATTERN_SIZE: Final = 50_000
"""Characters of a pattern once its counted repeats are written out."""

_MAX_DEPTH: Final = 150
"""Keywords inside keywords, of three or four interpreter frames each."""


class Unchecked(Exception):
    """The schema could not be applied to a value; the message says why, in one line."""


class _Effort:
    """What one check has spent."""

    def __init__(self) -> None:
        self.deadline = time.monotonic() + CHECK_SECONDS
        self.depth = 0


_effort: ContextVar[_Effort] = ContextVar("_effort")


def validator(kind: type[Validator], schema: Any) -> Validator:
    """A validator of the dialect `kind`, for `errors_of`. Nothing that a schema refers to is fetched."""
    return _limited(kind)(schema, registry=referencing.Registry(), format_checker=_FORMATS)


def errors_of(checked_by: Validator, value: Any) -> list[ValidationError]:
    """What is wrong with `value`. Raises `Unchecked`."""
    before = _effort.set(_Effort())
    try:
        return list(checked_by.iter_errors(value))
    except referencing.exceptions.Unresolvable as error:
        raise Unchecked(f"the schema's reference {error.ref!r} leads nowhere") from None
    except RecursionError:
        raise Unchecked("the value is nested too deeply") from None
    except ArithmeticError:
        raise Unchecked("a number is too large to be checked") from None
    except Unchecked:
        raise
    except Exception as error:
        # What a reference leads to need not be a schema at all, so that anything may go wrong.
        raise Unchecked(f"the schema cannot be applied: {type(error).__name__}") from None
    finally:
        _effort.reset(before)


def search(pattern: str, text: str) -> bool:
    """Whether `pattern` matches anywhere in `text`. Raises `Unchecked`, after `PATTERN_SECONDS` at the latest."""
    compiled = compiled_pattern(pattern)
    try:
        return compiled.search(text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise Unchecked(f"the pattern {pattern[:80]!r} took too long") from None


@lru_cache(maxsize=512)
def compiled_pattern(pattern: str) -> Any:
    """Raises `Unchecked` for what is no regular expression, or too large a one."""
    if pattern_size(pattern) > MAX_PATTERN_SIZE:
        raise Unchecked(f"the pattern {pattern[:80]!r} is too large")
    try:
        with warnings.catch_warnings():
            # "[[" and the like will mean something else in some later version of `regex`; it is pinned.
            warnings.simplefilter("ignore", FutureWarning)
            # In JSON Schema, `$` is the end of the text and not also the place before a last line break.
            return regex.compile("".join(r"\Z" if token[0] == "$" else token[0] for token in _TOKENS.finditer(pattern)))
    except (regex.error, RecursionError, OverflowError) as error:
        raise Unchecked(f"the pattern {pattern[:80]!r} is no regular expression: {error}") from None


_TOKENS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|.", re.DOTALL)


def pattern_size(pattern: str) -> int:
    """How many characters the pattern has when counted repeats are written out, as compiling it does."""
    groups, last = [0], 0
    for token in _TOKENS.finditer(pattern):
        if token[0] == "(":
            groups.append(0)
        elif token[0] == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif token[1] is not None:
            times = max(int(token[1]), int(token[2] or 0), 1)
            groups[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            groups[-1] += 1
    return sum(groups)


_Keyword = Callable[[Any, Any, Any, Any], Any]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not search(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    for pattern, part in patterns.items() if validator.is_type(instance, "object") else ():
        for key, value in instance.items():
            if search(pattern, key):
                yield from validator.descend(value, part, path=key, schema_path=pattern)


def _additional_properties(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    patterns = schema.get("patternProperties", {})
    for key in instance:
        if key in schema.get("properties", {}) or any(search(pattern, key) for pattern in patterns):
            continue
        if validator.is_type(additional, "object"):
            yield from validator.descend(instance[key], additional, path=key)
        elif not additional:
            yield ValidationError(f"the property {key!r} is not allowed")


@lru_cache(maxsize=8)
def _limited(kind: type[Validator]) -> type[Validator]:
    """The dialect's validator with the deadline in every keyword and our patterns in place of the library's."""
    ours = {"pattern": _pattern, "patternProperties": _pattern_properties}
    if "additionalProperties" in kind.VALIDATORS:
        ours["additionalProperties"] = _additional_properties
    keywords = {**kind.VALIDATORS, **ours}
    timed = {name: _timed(keyword) for name, keyword in keywords.items()}
    limited: type[Validator] = jsonschema.validators.extend(kind, validators=timed)  # type: ignore[no-untyped-call]
    return limited


def _timed(keyword: _Keyword) -> _Keyword:
    def timed(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        effort = _effort.get()
        if time.monotonic() > effort.deadline:
            raise Unchecked(f"the value could not be checked within {CHECK_SECONDS:g} s")
        if effort.depth >= _MAX_DEPTH:
            raise Unchecked("the schema refers to itself without end, or the value is nested too deeply")
        effort.depth += 1
        try:
            yield from keyword(validator, value, instance, schema) or ()
        finally:
            effort.depth -= 1

    return timed


_FORMATS: Final = format_checker()
