"""Arguments and answers follow their JSON schema, also where a grammar cannot enforce all of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema
import pytest
from jsonschema.exceptions import best_match
from openai import AsyncOpenAI, BadRequestError, OpenAI

from tests.engine.tools import called, complete, fold, tool, user

pytestmark = pytest.mark.engine

ORDER = [user("Order 3 apples and 12 pears for Ann, to Paris, tomorrow at 20 degrees.")]


def closed(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object with just these properties, all of them required."""
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


WORD = {"type": "string", "maxLength": 12}
DIGIT = {"type": "integer", "minimum": 0, "maximum": 9}
LEAF = closed({"value": DIGIT})

SCHEMAS: dict[str, dict[str, Any]] = {
    "nested": closed(
        {"order": closed({"who": closed({"name": WORD}), "what": closed({"fruit": WORD, "count": DIGIT})})}
    ),
    "enums": closed({"fruit": {"enum": ["apple", "pear"]}, "mixed": {"enum": [1, "one", None, True]}}),
    "constant": closed({"kind": {"const": "order"}, "words": {"const": {"a": [1, "b c"]}}}),
    "array": closed({"fruits": {"type": "array", "items": WORD, "minItems": 1, "maxItems": 3}}),
    "array of objects": closed(
        {"items": {"type": "array", "items": closed({"n": DIGIT}), "minItems": 2, "maxItems": 3}}
    ),
    "tuple": closed({"pair": {"type": "array", "prefixItems": [DIGIT, WORD], "items": False, "minItems": 2}}),
    "anyOf": closed({"value": {"anyOf": [DIGIT, {"enum": ["many"]}, {"type": "null"}]}}),
    "oneOf": closed({"value": {"oneOf": [closed({"kind": {"const": "a"}}), closed({"sort": {"const": "b"}})]}}),
    "allOf": {"type": "object", "allOf": [{"properties": {"a": DIGIT}, "required": ["a"]}, {"required": ["b"]}]}
    | {"properties": {"a": True, "b": {"type": "boolean"}}, "additionalProperties": False},
    "type list": closed({"value": {"type": ["integer", "null"], "maximum": 99}}),
    "reference": closed({"fruit": {"$ref": "#/$defs/fruit"}}, **{"$defs": {"fruit": closed({"name": WORD})}}),
    "recursive": closed(
        {"tree": {"$ref": "#/$defs/node"}},
        **{"$defs": {"node": {"anyOf": [LEAF, closed({"left": LEAF, "right": {"$ref": "#/$defs/node"}})]}}},
    ),
    "optional": {"type": "object", "properties": {"a": DIGIT, "b": WORD}, "additionalProperties": False},
    "bounds": closed({"n": {"type": "integer", "exclusiveMinimum": 20, "maximum": 25}}),
    "fraction": closed({"share": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25}}),
    "lengths": closed({"code": {"type": "string", "minLength": 3, "maxLength": 5}}),
    "pattern": closed({"code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}}),
    "date": closed({"day": {"type": "string", "format": "date"}}),
    "uniqueItems": closed(
        {"tags": {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3, "maxItems": 3}}
    ),
    "contains": closed(
        {"n": {"type": "array", "items": DIGIT, "contains": {"const": 7}, "minItems": 1, "maxItems": 3}}
    ),
    "multipleOf": closed({"n": {"type": "integer", "multipleOf": 7, "minimum": 10, "maximum": 99}}),
    "look-ahead": closed(
        {"code": {"type": "string", "pattern": "^(?=.*[0-9])(?=.*[a-z])[a-z0-9]{4,8}$", "maxLength": 8}}
    ),
    "not": closed({"city": {"enum": ["Paris", "Rome"], "not": {"const": "Paris"}}}),
    "if then": closed({"kind": {"enum": ["a", "b"]}}, **{"if": {"properties": {"kind": {"const": "a"}}}})
    | {
        "then": {"properties": {"n": DIGIT}, "required": ["n"]},
        "properties": {"kind": {"enum": ["a", "b"]}, "n": DIGIT},
    },
    "dependent": {"type": "object", "properties": {"a": DIGIT, "b": DIGIT}, "dependentRequired": {"a": ["b"]}}
    | {"minProperties": 1, "additionalProperties": False},
    "unicode names": closed({"größe": DIGIT, 'a "quoted" name': DIGIT, "名": {"enum": ["å", "\n", "\\"]}}),
}


MODELS = ["dualtune", "dualtune-flat"]


@pytest.mark.parametrize("model", MODELS)
async def test_arguments_always_validate(async_client: AsyncOpenAI, model: str) -> None:
    async def problem(schema: dict[str, Any]) -> str | None:
        tools = [tool("act", schema, "Do it.")]
        body: Any = {"model": model, "messages": ORDER, "tools": tools, "tool_choice": "required", "temperature": 0}
        answer = await async_client.chat.completions.create(**body, max_tokens=200)
        ((_, arguments),) = called(answer)
        if answer.choices[0].finish_reason != "tool_calls":
            return f"{answer.choices[0].finish_reason}: {arguments}"
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        worst = best_match(validator.iter_errors(json.loads(arguments)))
        return worst and f"{worst.message}: {arguments}"

    problems = await asyncio.gather(*map(problem, SCHEMAS.values()))
    assert dict(zip(SCHEMAS, problems, strict=True)) == dict.fromkeys(SCHEMAS)


@pytest.mark.parametrize("name", ["nested", "uniqueItems"])
def test_streamed_arguments_are_the_whole_ones(client: OpenAI, name: str) -> None:
    body: Any = {"messages": ORDER, "tools": [tool("act", SCHEMAS[name])], "tool_choice": "required"}
    assert called(fold(client, **body)) == called(complete(client, **body))


@pytest.mark.parametrize("parameters", [None, {"type": "object", "properties": {}}], ids=["missing", "empty"])
@pytest.mark.parametrize("model", MODELS)
def test_a_tool_without_parameters_gets_no_arguments(
    client: OpenAI, model: str, parameters: dict[str, Any] | None
) -> None:
    tools = [tool("today", parameters)]
    answer = complete(client, model=model, messages=ORDER, tools=tools, tool_choice="required", max_tokens=64)
    assert called(answer) == [("today", "{}")]


@pytest.mark.parametrize("name", ["reference", "uniqueItems"])
def test_an_answer_in_a_json_schema_validates(client: OpenAI, name: str) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "order", "schema": SCHEMAS[name]}}
    answer = complete(client, messages=ORDER, response_format=wanted)
    jsonschema.validate(json.loads(answer.choices[0].message.content or ""), SCHEMAS[name])


def test_a_json_object_is_an_object(client: OpenAI) -> None:
    question = [user('Answer with the JSON object {"fruit":"apple"} and nothing else.')]
    answer = complete(client, messages=question, response_format={"type": "json_object"}, max_tokens=200)
    assert answer.choices[0].finish_reason == "stop"
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)


@pytest.mark.parametrize(
    "schema",
    [{"type": "object", "properties": {"a": {"type": "no such type"}}}, {"type": "object", "required": "a"}],
    ids=["type", "required"],
)
def test_what_is_no_schema_is_refused_by_its_place(client: OpenAI, schema: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError) as refused:
        complete(client, messages=ORDER, tools=[tool("act", schema)])
    assert refused.value.param == "tools[0].function.parameters"


@pytest.mark.parametrize("model", MODELS)
def test_arguments_that_the_limit_of_tokens_cuts_off_are_told_by_the_finish_reason(client: OpenAI, model: str) -> None:
    tools = [tool("act", SCHEMAS["nested"], "Do it.")]
    body: Any = {"model": model, "messages": ORDER, "tools": tools, "tool_choice": "required"}
    whole = called(complete(client, **body))
    cut = complete(client, **body, max_tokens=14)
    assert cut.choices[0].finish_reason == "length"
    ((name, arguments),) = called(cut)
    assert name == "act"
    assert whole[0][1].startswith(arguments)
