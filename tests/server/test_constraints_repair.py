"""Mending what no grammar could prevent: whatever comes out is valid, keyword by keyword and for any schema."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings

from server.constraints import guard
from server.constraints import smallest as making
from server.constraints.check import violation
from server.constraints.jsontext import canonical, parse
from server.constraints.plan import plan
from server.constraints.repair import repair, smallest
from tests.server.schemas import GENERATED, SEEDS, Part, roots
from tests.server.walks import walk
from tests.server.wild import wild

NULL = {"type": "null"}
LOW = {"type": "integer", "maximum": 3}
ENGLISH = {"lang": {"const": "en"}}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine too, what can be found is found."""
    monkeypatch.setattr(making, "SECONDS", 60)
    monkeypatch.setattr(guard, "CHECK_SECONDS", 60)
    monkeypatch.setattr(guard, "PATTERN_SECONDS", 10)


def both(schema: Any, text: str) -> tuple[str | None, str | None]:
    return repair(text, schema), smallest(schema)


@GENERATED
@given(part=roots(), seed=SEEDS)
def test_what_a_grammar_let_pass_is_mended_and_what_is_valid_is_left_alone(part: Part, seed: int) -> None:
    text = walk(plan(part.schema).grammar, Random(seed)) or ""
    try:
        value = parse(text)
    except ValueError:
        assume(False)
    mended = repair(text, part.schema)
    assert mended is not None
    assert violation(mended, part.schema) is None
    assert mended == canonical(value) or violation(text, part.schema) is not None


@GENERATED
@given(part=roots())
def test_there_is_a_smallest_value_wherever_there_are_values(part: Part) -> None:
    found = smallest(part.schema)
    assert found is not None
    assert violation(found, part.schema) is None


@settings(GENERATED, max_examples=30)
@given(schema=wild(), seed=SEEDS)
def test_whatever_a_schema_says_only_valid_values_come_out(
    schema: dict[str, Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "SECONDS", 0.05)
    text = walk(plan(schema).grammar, Random(seed)) or "{}"
    for found in both(schema, text):
        assert found is None or violation(found, schema) is None


def of(schema: Any) -> Any:
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "before", "after", "least"),
    [
        # Numbers: the nearest one that is allowed.
        ({"type": "integer", "minimum": 3}, "1", "3", "3"),
        ({"type": "number", "maximum": -3.5}, "1", "-3.5", "-3.5"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "7", "0.5", "0.5"),
        ({"type": "integer", "exclusiveMinimum": 3}, "1", "4", "4"),
        ({"type": "integer", "multipleOf": 5}, "8", "5", "0"),
        ({"type": "integer", "multipleOf": 7, "minimum": 15}, "8", "21", "21"),
        ({"type": "number", "multipleOf": 0.25}, "0.3", "0.25", "0"),
        # Strings.
        ({"type": "string", "minLength": 3}, '"a"', '"axx"', '"xxx"'),
        ({"type": "string", "maxLength": 2}, '"abc"', '"ab"', '""'),
        ({"type": "string", "pattern": "^[A-Z]{2}-[0-9]$"}, '"x"', '"AZ-2"', '"AZ-2"'),
        ({"type": "string", "pattern": "b$"}, '"x"', '"b"', '"b"'),
        ({"type": "string", "pattern": "^(?!-)[a-z]+$", "minLength": 4}, '"-"', '"azbc"', '"azbc"'),
        ({"type": "string", "format": "date"}, '"2023-02-29"', '"2000-01-01"', '"2000-01-01"'),
        ({"type": "string", "format": "email"}, '"x"', '"someone@example.com"', '"someone@example.com"'),
        # Arrays.
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, "[7]", "[7,0]", "[0,0]"),
        ({"type": "array", "maxItems": 1}, "[1,2]", "[1]", "[]"),
        ({"type": "array", "uniqueItems": True}, "[1,2,1]", "[1,2]", "[]"),
        (
            {"type": "array", "items": {"enum": ["x", "y"]}, "uniqueItems": True, "minItems": 2},
            '["y","y"]',
            '["y","x"]',
            '["x","y"]',
        ),
        ({"type": "array", "prefixItems": [{"type": "null"}], "items": False}, "[null,1,2]", "[]", "[]"),
        ({"type": "array", "contains": {"const": 5}}, "[1]", "[1,5]", "[5]"),
        ({"type": "array", "contains": {"const": 5}, "maxContains": 1}, "[5,1,5]", "[5]", "[5]"),
        ({"type": "array", "items": {"type": "string"}}, "[1]", '[""]', "[]"),
        # Objects.
        ({"type": "object", "required": ["b"], "properties": {"b": NULL}}, "{}", '{"b":null}', '{"b":null}'),
        ({"type": "object", "additionalProperties": False, "properties": {"b": {}}}, '{"b":1,"c":2}', '{"b":1}', "{}"),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, '{"x":1,"c":2}', '{"x":1}', "{}"),
        ({"type": "object", "unevaluatedProperties": False, "properties": {"b": {}}}, '{"b":1,"c":2}', '{"b":1}', "{}"),
        ({"minProperties": 2, "properties": {"b": NULL}}, "{}", '{"b":null,"":{}}', '{"b":null,"":{}}'),
        ({"type": "object", "maxProperties": 1, "required": ["c"]}, '{"b":1,"c":2}', '{"c":2}', '{"c":{}}'),
        ({"type": "object", "propertyNames": {"pattern": "^b"}}, '{"b":1,"c":2,"d":3}', '{"b":1}', "{}"),
        ({"type": "object", "dependentRequired": {"b": ["c"]}}, '{"b":1}', '{"b":1,"c":{}}', "{}"),
        ({"type": "object", "dependentSchemas": {"b": {"required": ["c"]}}}, '{"b":1}', '{"b":1,"c":{}}', "{}"),
        # Any value: another one.
        ({"type": "string"}, "1", '""', '""'),
        ({"enum": ["x", "y"]}, '"z"', '"x"', '"x"'),
        ({"const": {"k": [1]}}, "{}", '{"k":[1]}', '{"k":[1]}'),
        ({"type": "integer", "not": {"const": 0}}, "0", "1", "1"),
        ({"type": "integer", "default": 4, "minimum": 3}, '"x"', "4", "4"),
        # Combinations.
        ({"anyOf": [{"type": "object", "properties": {"b": LOW}}, NULL]}, '{"b":9,"c":1}', '{"b":3,"c":1}', "{}"),
        ({"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}]}, "6", "2", "2"),
        ({"allOf": [{"required": ["b"]}, {"properties": {"b": LOW}}], "type": "object"}, "{}", '{"b":0}', '{"b":0}'),
        (
            {"type": "object", "properties": ENGLISH, "if": {"properties": ENGLISH}, "then": {"required": ["b"]}},
            '{"lang":"en"}', '{"lang":"en","b":{}}', '{"b":{}}',
        ),
    ],
)  # fmt: skip
def test_each_keyword_has_its_remedy(schema: Any, before: str, after: str, least: str) -> None:
    assert violation(f'{{"a":{before}}}', of(schema)) is not None
    assert both(of(schema), f'{{"a":{before}}}') == (f'{{"a":{after}}}', f'{{"a":{least}}}')
