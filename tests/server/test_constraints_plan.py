"""Which part of a schema its grammar enforces: texts sampled from it, valid values, and what is narrowed on purpose."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.constraints.check import violation
from server.constraints.jsontext import canonical, parse
from server.constraints.plan import plan
from server.constraints.schema import schema_error, takes_nothing
from tests.server.schemas import GENERATED, SEEDS, Part, roots
from tests.server.walks import accepts, walk
from tests.server.wild import wild


def valid(text: str, schema: Any) -> bool:
    """By another implementation of JSON Schema, which takes formats for annotations and knows no number like 1e999."""
    return jsonschema_rs.is_valid(schema, parse(text, finite=False), validate_formats=False)


@GENERATED
@given(part=roots(), seed=SEEDS)
def test_what_an_exact_grammar_writes_is_valid(part: Part, seed: int) -> None:
    chosen = plan(part.schema)
    text = walk(chosen.grammar, Random(seed))
    if text is not None:
        problem = violation(text, part.schema)
        assert problem is None or not chosen.exact, text
        assert valid(text, part.schema) or problem is not None or "Infinity" in canonical(parse(text, finite=False))
        assert not valid(text, part.schema) or problem is None or '"format"' in canonical(part.schema), problem


@GENERATED
@given(data=st.data())
def test_what_is_valid_and_not_narrowed_away_can_be_written(data: st.DataObject) -> None:
    part = data.draw(roots())
    text = canonical(data.draw(part.values))
    assert (schema_error(part.schema), violation(text, part.schema)) == (None, None)
    assert valid(text, part.schema)
    assert accepts(plan(part.schema).grammar, text)


@GENERATED
@given(schema=wild(), seed=SEEDS)
def test_whatever_a_schema_says_its_grammar_writes_json_that_is_valid_where_exact(
    schema: dict[str, Any], seed: int
) -> None:
    chosen = plan(schema)
    text = walk(chosen.grammar, Random(seed))
    if text is not None:
        parse(text, finite=False)
        assert not chosen.exact or schema_error(schema) is not None or violation(text, schema) is None, text


def test_a_short_string_ends_in_the_grammar_and_a_long_one_only_in_the_check() -> None:
    def names(most: int) -> list[bool]:
        schema = {"properties": {"name": {"type": "string", "minLength": 1, "maxLength": most}}}
        grammar = plan(schema).grammar
        return [accepts(grammar, f'{{"name":"{text}"}}') for text in ("", "é", "x" * most, "x" * (most + 1), '\\"')]

    assert names(64) == [False, True, True, False, False]
    assert names(65) == [True] * 5


@pytest.mark.parametrize(
    "more", [{}, {"required": []}, {"additionalProperties": False}, {"title": "t", "$schema": "s"}]
)
def test_of_a_schema_that_takes_nothing_the_grammar_writes_nothing(more: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {}, **more}
    assert takes_nothing(schema)
    assert [walk(plan(schema).grammar, Random(seed)) for seed in range(3)] == ["{}"] * 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": {}, "additionalProperties": True},
        {"type": "object", "properties": {}, "minProperties": 1},
        {"properties": {}, "required": ["a"]},
    ],
)
def test_a_schema_that_may_take_something_does(schema: dict[str, Any]) -> None:
    assert not takes_nothing(schema)
