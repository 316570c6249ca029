"""Which part of a JSON Schema a grammar enforces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from server.constraints.jsontext import canonical, parse
from server.constraints.reduce import Reducer

_LONGEST_GRAMMAR: Final = 400_000
"""Characters of EBNF, which take the engine seconds to compile."""


@dataclass(frozen=True)
class Plan:
    """`grammar` is EBNF of JSON in canonical form; `exact`: it alone guarantees validity against the whole schema."""

    grammar: str
    exact: bool


def plan(schema: Mapping[str, Any]) -> Plan:
    """The plan for a schema; for one that no grammar can be made of, any object. Never raises."""
    return _plan(canonical(schema))


@lru_cache(maxsize=256)
def _plan(text: str) -> Plan:
    reducer = Reducer(parse(text))
    try:
        grammar = _ebnf(reducer.whole())
    except (RuntimeError, ValueError, RecursionError):
        grammar = ""
    if not grammar or len(grammar) > _LONGEST_GRAMMAR:
        return Plan(_ebnf({"type": "object"}), exact=False)
    return Plan(grammar, reducer.exact)


def _ebnf(schema: Mapping[str, Any]) -> str:
    import xgrammar

    return str(xgrammar.Grammar.from_json_schema(json.dumps(schema), any_whitespace=False, separators=(",", ":")))
