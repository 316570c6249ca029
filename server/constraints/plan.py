"""Which part of a JSON Schema a grammar enforces."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from server.constraints.check import checker
from server.constraints.jsontext import canonical, parse
from server.constraints.reduce import Reduced, Reducer

_LONGEST_GRAMMAR: Final = 100_000
"""Characters of EBNF, which take the engine seconds to compile."""
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-f]{2})|.)")


@dataclass(frozen=True)
class Plan:
    """`grammar` is EBNF of JSON in canonical form; `exact`: it alone guarantees validity against the whole schema."""

    grammar: str
    exact: bool


def plan(schema: Mapping[str, Any]) -> Plan:
    """The plan for a schema; for one that no grammar can be made of, any object. Never raises."""
    try:
        return _plan(canonical(schema))
    except (RecursionError, ValueError):
        return _any_object()


@lru_cache(maxsize=256)
def _plan(text: str) -> Plan:
    try:
        reducer = Reducer(checker(parse(text)))
        reduced = reducer.whole()
        grammar = _from_schema(reduced) if _ends(reduced) else ""
    except Exception:
        # What a reference leads to need not be a schema at all, and xgrammar has refusals of its own.
        return _any_object()
    return Plan(grammar, reducer.exact) if 0 < len(grammar) <= _LONGEST_GRAMMAR else _any_object()


@cache
def _any_object() -> Plan:
    return Plan(_from_schema({"type": "object"}), exact=False)


def _ends(reduced: Reduced) -> bool:
    """Whether each part has a value that ends; in the grammar of one that only leads to itself, a model is lost."""
    shared: Mapping[str, Reduced] = reduced["$defs"]
    ending: set[str] = set()

    def ends(part: Any) -> bool:
        match part:
            case {"$ref": reference}:
                return reference in ending
            case {"anyOf": branches}:
                return any(map(ends, branches))
            case {"type": "object", "properties": properties, "required": required}:
                return all(ends(properties[name]) for name in required)
            case {"type": "array", "minItems": least}:
                first = part.get("prefixItems", [])
                return all(map(ends, first[:least])) and (least <= len(first) or ends(part["items"]))
        return True

    while more := {f"#/$defs/{name}" for name, part in shared.items() if ends(part)} - ending:
        ending |= more
    return ends(reduced) and len(ending) == len(shared)


def ebnf(grammar: object) -> str:
    """An xgrammar grammar as text that xgrammar reads back as the same grammar.

    It writes U+00E9 as `\\xe9`, and takes a digit or a letter from A to F that follows for a part of the number.
    """
    return _ESCAPE.sub(lambda escape: f"\\u00{escape[1]}" if escape[1] else escape[0], str(grammar))


def _from_schema(schema: Mapping[str, Any]) -> str:
    from xgrammar import Grammar

    return ebnf(Grammar.from_json_schema(json.dumps(schema), any_whitespace=False, separators=(",", ":")))
