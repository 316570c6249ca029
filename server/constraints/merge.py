"""A schema and the branches of its `allOf`, in one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from server.constraints.check import Checker
from server.constraints.guard import Unchecked


def merged(schema: Mapping[str, Any], rules: Checker) -> dict[str, Any]:
    """One schema that says most of what `schema` and its `allOf` say; references of branches are looked up in `rules`.

    Properties and demands add up. Where two branches say different things by another keyword, the first one counts, so
    that the outcome is no equal of `schema`, only close to it.
    """
    whole: dict[str, Any] = {}
    _merge(whole, schema, rules, set())
    return whole


def _merge(whole: dict[str, Any], schema: Any, rules: Checker, seen: set[str]) -> None:
    if not isinstance(schema, Mapping):
        return
    for key, rule in schema.items():
        if key == "properties":
            parts = whole.setdefault(key, {})
            for name, part in rule.items():
                parts[name] = {"allOf": [parts[name], part]} if name in parts and parts[name] != part else part
        elif key == "required":
            whole[key] = [*whole.get(key, ()), *(name for name in rule if name not in whole.get(key, ()))]
        elif key not in ("allOf", "$ref"):
            whole.setdefault(key, rule)
    for branch in schema.get("allOf", ()):
        _merge(whole, branch, rules, seen)
    if isinstance(reference := schema.get("$ref"), str) and reference not in seen:
        seen.add(reference)
        with suppress(Unchecked):
            _merge(whole, rules.target(reference), rules, seen)
