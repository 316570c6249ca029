"""Schemas made to do harm: nothing raises, hangs, reads a file or asks the network."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.constraints import guard
from server.constraints import smallest as making
from server.constraints.check import violation
from server.constraints.plan import plan
from server.constraints.repair import repair, smallest
from server.constraints.schema import schema_error
from tests.server.schemas import GENERATED
from tests.server.walks import compiler

pytestmark = pytest.mark.timeout(60)

STRING = {"type": "string"}
MANY_A = "a" * 40 + "!"
TEXT = f'{{"a":"{MANY_A}","b":[1]}}'


KEYWORDS = jsonschema.Draft202012Validator.VALIDATORS
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "[", "#", "object", "http://["]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "$ref", "type"]), inner, max_size=2)
    ),
    max_leaves=4,
)
"""Where keywords expect something else."""


def of(schema: Any, **definitions: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], "$defs": definitions}


def ref(name: str | int) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def nested(depth: int, schema: Any, keyword: str) -> Any:
    for _ in range(depth):
        schema = {
            "properties": {"type": "object", "properties": {"a": schema}, "required": ["a"]},
            "items": {"type": "array", "items": schema, "minItems": 2},
            "anyOf": {"anyOf": [schema, schema]},
            "not": {"not": schema},
        }[keyword]
    return schema


def chain(length: int, keyword: str, last: Any = STRING) -> dict[str, Any]:
    """Definitions of which each one refers twice to the next one."""
    twice: dict[str, Any] = {
        "properties": lambda target: {"properties": {"a": target, "b": target}, "required": ["a", "b"]},
        "anyOf": lambda target: {"anyOf": [target, target]},
        "allOf": lambda target: {"allOf": [target, target]},
        "$ref": lambda target: target,
    }
    links = {str(index): twice[keyword](ref(index + 1)) for index in range(length)}
    return of(ref(0), **links, **{str(length): last})


def array(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


HOSTILE: dict[str, dict[str, Any]] = {
    # Depth.
    "deep objects": of(nested(30, STRING, "properties")),
    "deeper objects than are read": of(nested(400, STRING, "properties")),
    "deep arrays": of(nested(30, STRING, "items")),
    "deep doubled unions": of(nested(8, False, "anyOf")),
    "deep negations": of(nested(35, {}, "not")),
    "a deep listed value": of({"enum": [array(200)]}),
    "a deeper default than is read": of({**STRING, "default": array(900)}),
    # References.
    "to itself": {"$ref": "#"},
    "to itself in allOf": {"allOf": [{"$ref": "#"}]},
    "to itself in anyOf": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "to itself in not": {"not": {"$ref": "#"}},
    "to itself in a property": of({"$ref": "#"}),
    "to itself and more": of({"$ref": "#", "minProperties": 1}),
    "in a circle": of(ref("x"), x=ref("y"), y=ref("x")),
    "dynamic, to itself": {"$dynamicRef": "#x", "$defs": {"x": {"$dynamicAnchor": "x", "$dynamicRef": "#x"}}},
    "a long chain": chain(1000, "$ref"),
    "a long chain of objects": chain(300, "properties"),
    "a doubling chain of objects": chain(40, "properties"),
    "a doubling chain of unions": chain(40, "anyOf"),
    "a doubling chain that ends in nothing": chain(40, "anyOf", last=False),
    "a doubling chain of conjunctions": chain(40, "allOf"),
    # Size.
    "many properties": {"type": "object", "properties": {f"p{i}": STRING for i in range(1000)}},
    "many required names": {"type": "object", "required": [f"p{i}" for i in range(5000)]},
    "many listed values": of({"type": "string", "enum": [f"v{i}" for i in range(20_000)]}),
    "many branches": of({"oneOf": [{"type": "string", "minLength": i} for i in range(500)]}),
    "many ranges": {"properties": {f"p{i}": {"type": "integer", "minimum": i} for i in range(200)}},
    # Patterns.
    "a slow pattern": of({"type": "string", "pattern": "^(a|aa)+$"}),
    "a slow look-ahead": of({"type": "string", "pattern": "^(?=(a+)+$)b"}),
    "a slow pattern of names": {
        "patternProperties": {"^(a+)+$": {}}, "additionalProperties": False, "required": [MANY_A],
    },
    "a slow pattern of names beside unevaluatedProperties": {
        "patternProperties": {"^(a+)+$": {}}, "unevaluatedProperties": False, "required": [MANY_A],
    },
    "a large pattern": of({"type": "string", "pattern": "^((a{1000}){1000}){10}$"}),
    "a deep pattern": of({"type": "string", "pattern": "(" * 300 + "a" + ")" * 300}),
    "many patterns": {"properties": {f"p{i}": {"type": "string", "pattern": f"^[a-z]{{0,{i}}}$"} for i in range(99)}},
    # Numbers.
    "a long string": of({"type": "string", "minLength": 10**9}),
    "a longer string than any": of({"type": "string", "minLength": 10**30}),
    "many items": of({"type": "array", "minItems": 10**9}),
    "many different items": of({"type": "array", "minItems": 5000, "uniqueItems": True, "items": {"enum": [1, 2]}}),
    "many contained": of({"type": "array", "contains": {}, "minContains": 10**9}),
    "counts as fractions": of({"type": "array", "minItems": 2.0, "items": {"type": "string", "minLength": 1.0}}),
    "many members": {"type": "object", "minProperties": 10**9},
    "a huge integer": of({"type": "integer", "minimum": 10**400}),
    "a huge multiple": of({"type": "number", "multipleOf": 1e-300, "minimum": 1e300}),
    "a bound that is no number": of({"type": "number", "minimum": float("nan"), "maximum": float("inf")}),
    # Nonsense.
    "nothing fits": of(False),
    "no listed value fits": of({"type": "string", "enum": [None]}),
    "empty bounds": of({"type": "integer", "minimum": 5, "maximum": 1}),
    "a reference into something else": {**of({"$ref": "#/x-data"}), "x-data": {"type": 7, "properties": [], "$ref": 1}},
    "another file": of({"$ref": "file:///etc/passwd"}),
    "another server": of({"$ref": "https://example.com/schema.json"}),
    "another server's names": {"$id": "https://example.com/", "properties": {"a": {"$ref": "other.json"}}},
    "no valid address": {"$id": "http://[", "properties": {"a": {"$ref": "x"}}},
}  # fmt: skip


def assert_nothing_raises(schema: dict[str, Any]) -> None:
    assert schema_error(schema) is None or "\n" not in str(schema_error(schema))
    compiler().compile_grammar(plan(schema).grammar)
    problem = violation(TEXT, schema)
    for found in (repair(TEXT, schema), smallest(schema)):
        assert found is None or violation(found, schema) is None
    assert problem is None or "\n" not in problem


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "CHECK_SECONDS", 0.2)
    monkeypatch.setattr(guard, "PATTERN_SECONDS", 0.05)
    monkeypatch.setattr(making, "SECONDS", 0.2)


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_nothing_raises_and_everything_ends(schema: dict[str, Any]) -> None:
    assert_nothing_raises(schema)


@settings(GENERATED, max_examples=25)
@given(st.dictionaries(st.sampled_from(sorted(KEYWORDS)), NONSENSE, max_size=3))
def test_a_reference_may_lead_to_anything(target: dict[str, Any]) -> None:
    assert_nothing_raises({**of({"$ref": "#/x-data"}), "x-data": target})


@pytest.mark.parametrize("name", ["another file", "another server", "another server's names"])
def test_a_reference_that_leads_out_is_refused(name: str) -> None:
    assert str(schema_error(HOSTILE[name])).startswith("properties.a.$ref: '")
    assert str(schema_error(HOSTILE[name])).endswith("' is not in this schema, and none is fetched")


def test_a_grammar_is_never_longer_than_what_an_engine_compiles_in_a_second() -> None:
    assert max(len(plan(schema).grammar) for schema in HOSTILE.values()) < 100_000
