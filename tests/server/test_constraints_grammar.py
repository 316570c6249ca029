"""Constraints as grammars: what they accept, and that vLLM takes them as they are meant."""

from __future__ import annotations

import itertools
import json
import warnings
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xgrammar import Grammar

from server.constraints import Choice, Constraint, JsonSchema, ToolCall
from server.constraints.grammar import opening, to_grammar
from server.constraints.plan import ebnf, plan
from tests.server.schemas import GENERATED, SEEDS, Part, roots
from tests.server.walks import accepts, walk

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
NOTHING = {"type": "object", "properties": {}}
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def called(name: str, arguments: str) -> str:
    return json.dumps({"name": name}, ensure_ascii=False, separators=(",", ":"))[:-1] + f',"arguments":{arguments}}}'


@settings(GENERATED, max_examples=60)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True), st.text(max_size=8))
def test_a_choice_allows_its_options_and_nothing_else(options: list[str], other: str) -> None:
    grammar = to_grammar(Choice(tuple(options)))
    assert [accepts(grammar, option) for option in options] == [True] * len(options)
    assert accepts(grammar, other) == (other in options)


def test_an_option_that_begins_another_one_is_a_choice_of_its_own() -> None:
    grammar = to_grammar(Choice(("read", "read_file", "read_file_é0", "read")))
    assert [accepts(grammar, text) for text in ("read", "read_file", "read_file_é0", "read_", "")] == [
        *[True] * 3,
        *[False] * 2,
    ]


def test_an_empty_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="a choice needs at least one option"):
        Choice(())


def test_a_tool_call_names_a_tool_and_has_the_arguments_of_that_tool() -> None:
    grammar = to_grammar(ToolCall({"a": NOTHING, "ab": NUMBER, "summarize_é0": NUMBER}))
    right = [called("a", "{}"), called("ab", '{"n":1}'), called("summarize_é0", '{"n":-7}')]
    wrong = [called("a", '{"n":1}'), called("ab", "{}"), called("b", "{}"), called("summarize", "{}"), right[0][:-1]]
    assert [accepts(grammar, text) for text in right + wrong] == [True] * len(right) + [False] * len(wrong)


def test_a_tool_call_may_be_none() -> None:
    grammar = to_grammar(ToolCall({"a": NUMBER}, allow_none="summarize"))
    texts = [called("a", '{"n":1}'), called("summarize", "{}"), called("summarize", '{"n":1}'), called("a", "{}")]
    assert [accepts(grammar, text) for text in texts] == [True, True, False, False]


def test_no_tool_at_all_is_no_call_unless_none_is_allowed() -> None:
    assert accepts(to_grammar(ToolCall({}, allow_none="none")), called("none", "{}"))
    with pytest.raises(ValueError, match="a tool call needs at least one tool"):
        ToolCall({})


@settings(GENERATED, max_examples=40)
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.booleans())
def test_tools_of_any_name_can_be_called(names: list[str], none: bool) -> None:
    tools = dict(zip(names, itertools.cycle([NOTHING, NUMBER]), strict=False))
    grammar = to_grammar(ToolCall(tools, allow_none='"none\'s"' if none else None))
    texts = [called(name, '{"n":1}' if schema is NUMBER else "{}") for name, schema in tools.items()]
    assert [accepts(grammar, text) for text in texts] == [True] * len(texts)
    assert accepts(grammar, called('"none\'s"', "{}")) == (none or tools.get('"none\'s"') is NOTHING)
    assert all(text.startswith(opening(name)) for name, text in zip(tools, texts, strict=True))


@settings(GENERATED, max_examples=40)
@given(part=roots(), seed=SEEDS)
def test_the_arguments_of_a_call_are_those_of_the_schema_alone(part: Part, seed: int) -> None:
    alone = plan(part.schema).grammar
    text = walk(alone, Random(seed))
    grammar = to_grammar(ToolCall({"né0": part.schema, "other": NOTHING}))
    assert to_grammar(JsonSchema(part.schema)) == alone
    assert text is None or accepts(grammar, called("né0", text))
    called_text = walk(grammar, Random(seed))
    arguments = (called_text or "").removeprefix(opening("né0"))
    assert called_text is None or called_text == called("other", "{}") or accepts(alone, arguments[:-1])


CONSTRAINTS: list[Constraint] = [
    Choice(("a",)),
    Choice(("// a", "# b", "a: b", "\n", "")),
    JsonSchema({"type": "object"}),
    JsonSchema({"type": "object", "properties": {"#é0 // x": {"enum": ["\\xe90", "// c", "é0", "\x7fa", "日b"]}}}),
    ToolCall({"//": NUMBER}),
    ToolCall({"a": NUMBER, "b": {"type": "object"}}, allow_none="#"),
]


def test_vllm_takes_no_grammar_for_one_in_larks_language() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from vllm.v1.structured_output.utils import grammar_is_likely_lark
    assert [grammar_is_likely_lark(to_grammar(constraint)) for constraint in CONSTRAINTS] == [False] * len(CONSTRAINTS)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_grammar_that_is_read_and_written_again_is_the_same(constraint: Constraint) -> None:
    grammar = to_grammar(constraint)
    again = ebnf(Grammar.from_ebnf(grammar))
    for one, other in ((grammar, again), (again, grammar)):
        texts = {text for seed in range(20) if (text := walk(one, Random(seed))) is not None}
        assert texts
        assert {text for text in texts if accepts(other, text)} == texts
