"""A schema's digest is about what it accepts; pruning removes what nothing refers to."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from langchain_core.tools import StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool

import toolsets
from toolsets import Registry, Tool, ToolsetError
from toolsets.schema import prune_definitions, schema_digest

# Names of properties that are also keywords are the likeliest to be taken for them.
NAMES = st.sampled_from(["path", "title", "description", "default", "required", "properties", "$ref", "items"])
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 3)}),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-3, 3)}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1, unique_by=str)}),
    st.just({"type": "boolean"}),
)


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda properties: st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.just(properties)},
            optional={
                "required": st.permutations(sorted(properties)),
                "additionalProperties": st.sampled_from([True, False, {}]),
            },
        )
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        _objects(inner),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
    ),
    max_leaves=8,
)
VALUES = st.one_of(
    st.dictionaries(NAMES, st.integers() | st.text(max_size=3), max_size=3), st.lists(st.integers(), max_size=2)
)


def rewritten(schema: Any, chance: random.Random, definitions: dict[str, Any]) -> Any:
    """The same schema as another library might write it; some of its parts move to `definitions`."""
    if not isinstance(schema, Mapping):
        return schema
    again: dict[str, Any] = {}
    for key, value in sorted(schema.items(), key=lambda _: chance.random()):
        if key == "properties":
            again[key] = {name: rewritten(value[name], chance, definitions) for name in sorted(value, reverse=True)}
        elif key == "anyOf":
            again[key] = [rewritten(one, chance, definitions) for one in value]
        elif key == "items":
            again[key] = rewritten(value, chance, definitions)
        elif key == "required":
            again[key] = chance.sample(value, len(value))
        else:
            again[key] = value
    notes = {"title": "T", "description": "D", "examples": [1], "default": None, "$comment": "C"}
    again |= {key: notes[key] for key in chance.sample(sorted(notes), 2)}
    if chance.random() < 0.3:
        name = f"Part/{len(definitions)}~"
        definitions[name] = again
        return {"$ref": f"#/$defs/Part~1{len(definitions) - 1}~0", "description": "moved"}
    return again


@given(schema=SCHEMAS, seed=st.integers(0, 2**32))
def test_a_rewritten_schema_has_the_same_digest(schema: dict[str, Any], seed: int) -> None:
    definitions: dict[str, Any] = {"Unused": {"type": "null"}}
    again = rewritten(schema, random.Random(seed), definitions)
    again |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}
    assert schema_digest(again) == schema_digest(schema)


@given(one=SCHEMAS, other=SCHEMAS, values=st.lists(VALUES))
def test_schemas_of_one_digest_accept_the_same_values(one: Any, other: Any, values: list[Any]) -> None:
    accepted = [
        [Draft202012Validator(schema).is_valid(value) for value in [*values, {}, [], "", "abc", 0, 5, True, None]]
        for schema in (one, other)
    ]
    if accepted[0] != accepted[1]:
        assert schema_digest(one) != schema_digest(other)


OBJECT = {"type": "object", "properties": {"title": {"type": "string"}, "n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    "changed",
    [
        {**OBJECT, "required": []},
        {**OBJECT, "required": ["n", "title"]},
        {**OBJECT, "additionalProperties": False},
        {**OBJECT, "properties": {"n": {"type": "integer"}}},
        {**OBJECT, "properties": {"title": {"type": "string"}, "n": {"type": "number"}}},
        {**OBJECT, "properties": {"title": {"type": "string"}, "n": {"type": "integer", "maximum": 3}}},
        {**OBJECT, "properties": {"title": {"type": "string", "enum": ["a"]}, "n": {"type": "integer"}}},
        {**OBJECT, "anyOf": [{"required": ["title"]}]},
    ],
)
def test_a_schema_that_accepts_other_values_has_another_digest(changed: dict[str, Any]) -> None:
    assert schema_digest(changed) != schema_digest(OBJECT)


def test_numbers_that_json_schema_holds_equal_are_equal() -> None:
    assert schema_digest({"minimum": 1}) == schema_digest({"minimum": 1.0})


def test_the_order_of_keys_does_not_matter_to_a_cycle_of_references() -> None:
    node = {"properties": {"left": {"$ref": "#/$defs/A"}, "right": {"$ref": "#/$defs/B"}}}
    other = {"properties": {"right": {"$ref": "#/$defs/B"}, "left": {"$ref": "#/$defs/A"}}}
    definitions = {"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"not": {"$ref": "#/$defs/A"}}}
    reverse = dict(reversed(definitions.items()))
    assert schema_digest({**node, "$defs": definitions}) == schema_digest({"$defs": reverse, **other})


def test_a_reference_to_nowhere_is_taken_at_its_word() -> None:
    assert schema_digest({"$ref": "#/$defs/A"}) != schema_digest({"$ref": "#/$defs/B"})
    assert schema_digest({"$ref": "https://example.com/s.json"}) != schema_digest({})


def test_references_that_double_at_each_step_cost_no_more_than_their_text() -> None:
    def step(number: int) -> dict[str, Any]:
        return {"anyOf": [{"$ref": f"#/$defs/{number + 1}"}, {"$ref": f"#/$defs/{number + 1}"}]}

    definitions = {str(number): step(number) for number in range(60)} | {"60": {"type": "null"}}
    assert len(schema_digest({"$ref": "#/$defs/0", "$defs": definitions})) == 64


def test_a_schema_nested_too_deeply_is_refused_by_field() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(ToolsetError, match="the schema of 'deep' is nested too deeply") as error:
        _ = Tool("deep", parameters=schema).digest
    assert error.value.field == "parameters"


def test_pruning_keeps_what_is_reached_through_other_definitions() -> None:
    schema = {
        "$defs": {"A": {"items": {"$ref": "#/$defs/B~1C"}}, "B/C": {"type": "null"}, "Unused": {"$ref": "#/$defs/A"}},
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
    }
    assert prune_definitions(schema) == {
        "$defs": {"A": {"items": {"$ref": "#/$defs/B~1C"}}, "B/C": {"type": "null"}},
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
    }


@given(schema=SCHEMAS, seed=st.integers(0, 2**32))
def test_pruning_changes_no_digest_and_leaves_no_reference_open(schema: dict[str, Any], seed: int) -> None:
    definitions: dict[str, Any] = {"Unused": {"$ref": "#/$defs/Also"}, "Also": {"type": "null"}}
    again = {**rewritten(schema, random.Random(seed), definitions), "$defs": definitions}
    pruned = prune_definitions(again)
    assert schema_digest(pruned) == schema_digest(schema)
    assert "Unused" not in json.dumps(pruned)
    assert prune_definitions(pruned) == pruned


SHIPPED = Registry.load(Path(toolsets.__file__).parent)
TOOLS = [(toolset.name, tool) for toolset in SHIPPED.toolsets.values() for tool in toolset.tools]


@pytest.mark.parametrize(("toolset", "tool"), TOOLS, ids=[f"{toolset}-{tool.name}" for toolset, tool in TOOLS])
def test_a_shipped_tool_is_known_again_after_langchain_has_rewritten_it(toolset: str, tool: Tool) -> None:
    async def never(**_: Any) -> str:
        raise NotImplementedError

    wrapped = StructuredTool(
        name=tool.name, description=tool.description, args_schema=dict(tool.parameters), coroutine=never
    )
    sent = convert_to_openai_tool(wrapped)["function"]
    match = SHIPPED.find(sent["name"], Tool(sent["name"], sent["description"], sent["parameters"]).digest)
    assert match is not None
    assert (match.toolset.name, match.tool, match.same_schema) == (toolset, tool, True)
