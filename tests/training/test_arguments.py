"""Arguments in the form that the serving grammar accepts."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.constraints import JsonSchema
from server.constraints.grammar import to_grammar
from toolsets import Registry, Tool
from toolsets.registry import PACKAGED
from training.arguments import ArgumentsError, canonical_arguments

EDIT = {
    "type": "object",
    "properties": {"old": {"type": "string"}, "new": {"type": "string"}},
    "required": ["new"],
    "additionalProperties": False,
}
NESTED = Tool(
    "nested",
    "",
    {
        "type": "object",
        "properties": {
            "z": {"type": "integer"},
            "edits": {"type": "array", "items": {"$ref": "#/$defs/edit"}},
            "a": {"anyOf": [{"type": "null"}, EDIT]},
        },
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"edit": EDIT},
    },
)
FILESYSTEM = {tool.name: tool for tool in Registry.load(PACKAGED).toolsets["filesystem"].tools}
VARIED = ("read_text_file", "edit_file", "list_directory_with_sizes", "directory_tree", "list_allowed_directories")


@lru_cache
def compiled(grammar: str) -> Any:
    import xgrammar

    vocabulary = [bytes([byte]) for byte in range(256)] + [b"<end>"]
    info = xgrammar.TokenizerInfo(vocabulary, stop_token_ids=[256])
    return xgrammar.GrammarCompiler(info).compile_grammar(grammar)


def accepts(tool: Tool, text: str) -> bool:
    """Whether a decode under the grammar of the tool could write just this text."""
    import xgrammar

    matcher = xgrammar.GrammarMatcher(compiled(to_grammar(JsonSchema(tool.parameters))))
    return bool(matcher.accept_string(text) and matcher.accept_token(256))


def values(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Values of a schema of the few keywords that the tools here have."""
    match schema:
        case {"$ref": reference}:
            return values(root["$defs"][reference.rpartition("/")[2]], root)
        case {"anyOf": options}:
            return st.one_of([values(option, root) for option in options])
        case {"enum": options}:
            return st.sampled_from(options)
        case {"type": "object"}:
            properties = {key: values(below, root) for key, below in schema.get("properties", {}).items()}
            required = {key: properties[key] for key in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional={k: v for k, v in properties.items() if k not in required})
        case {"type": "array"}:
            return st.lists(values(schema["items"], root), min_size=schema.get("minItems", 0), max_size=3)
    return {
        "string": st.text(st.characters(codec="utf-8", exclude_characters="\x7f")),
        "integer": st.integers(-999, 999),
        "number": st.integers(-999, 999),
        "boolean": st.booleans(),
        "null": st.none(),
    }[schema["type"]]


def shuffled(value: Any, random: Any) -> Any:
    """The same value with its properties in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], random) for key in random.sample(sorted(value), len(value))}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("tool", [*(FILESYSTEM[name] for name in VARIED), NESTED], ids=lambda tool: tool.name)
@settings(deadline=None)
@given(data=st.data())
def test_canonical_arguments_mean_the_same_and_can_be_decoded(tool: Tool, data: st.DataObject) -> None:
    value = data.draw(values(tool.parameters, tool.parameters))
    text = json.dumps(shuffled(value, data.draw(st.randoms())), indent=1)
    canonical = canonical_arguments(tool, text)
    assert json.loads(canonical) == value
    assert accepts(tool, canonical)


def test_properties_come_in_the_order_of_the_schema() -> None:
    text = '{"a": {"new": "2", "old": "1"}, "edits": [{"new": "y", "old": "x"}], "z": 1}'
    assert canonical_arguments(NESTED, text) == ('{"z":1,"edits":[{"old":"x","new":"y"}],"a":{"old":"1","new":"2"}}')


def test_undeclared_properties_come_last_in_their_own_order() -> None:
    tool = Tool("open", "", {"type": "object", "properties": {"b": {}}, "additionalProperties": True})
    assert canonical_arguments(tool, '{"d":1,"b":2,"c":"ü"}') == '{"b":2,"d":1,"c":"ü"}'


def test_no_text_stands_for_no_arguments() -> None:
    assert canonical_arguments(Tool("none"), "") == "{}"


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"path":1}', "{}", '{"path":"a","more":1}'])
def test_what_the_tool_would_not_take_is_refused(text: str) -> None:
    with pytest.raises(ArgumentsError, match="the arguments of create_directory "):
        canonical_arguments(FILESYSTEM["create_directory"], text)
