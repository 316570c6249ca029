"""Constraints as EBNF, for vLLM's `StructuredOutputsParams(grammar=...)`.

Everything goes to the engine as a grammar, so that what vLLM would refuse of a JSON Schema never reaches a client.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from server.constraints import Choice, Constraint, JsonSchema, ToolCall
from server.constraints.copying import marked, with_copies, words
from server.constraints.jsontext import canonical, parse
from server.constraints.literal import literal
from server.constraints.plan import ebnf, plan


def to_grammar(constraint: Constraint) -> str:
    """The grammar of a constraint: canonical JSON for schemas and tool calls, the bare options for a choice."""
    match constraint:
        case Choice(options):
            return _choice(options)
        case JsonSchema(schema, copied, said):
            return _copying(schema, copied, said) if copied else plan(schema).grammar
        case ToolCall(tools, allow_none):
            return _tool_call(canonical(tools), allow_none)


def _copying(schema: Mapping[str, Any], copied: tuple[str, ...], said: str) -> str:
    return with_copies(plan(marked(schema, copied)).grammar, words(said)) or plan(schema).grammar


@lru_cache(maxsize=256)
def _choice(options: tuple[str, ...]) -> str:
    return "root ::= " + " | ".join(literal(option) for option in dict.fromkeys(options))


@lru_cache(maxsize=64)
def _tool_call(tools: str, allow_none: str | None) -> str:
    from xgrammar import Grammar

    calls = [
        Grammar.concat(_fixed(opening(name)), Grammar.from_ebnf(plan(schema).grammar), _fixed("}"))
        for name, schema in parse(tools).items()
    ]
    if allow_none is not None:
        calls.append(_fixed(opening(allow_none) + "{}}"))
    return ebnf(calls[0] if len(calls) == 1 else Grammar.union(*calls))


def opening(name: str) -> str:
    """How a tool call begins, up to its arguments."""
    return f'{{"name":{canonical(name)},"arguments":'


def _fixed(text: str) -> object:
    from xgrammar import Grammar

    return Grammar.from_ebnf(f"root ::= {literal(text)}")
