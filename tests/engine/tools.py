"""Tools that the tests send as a client's own, and the checks that hold for every answer."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionFunctionToolParam, ChatCompletionMessageParam

from toolsets import Toolset


def tool(name: str, parameters: dict[str, Any] | None = None, description: str = "") -> ChatCompletionFunctionToolParam:
    function: Any = {"name": name, "description": description}
    if parameters is not None:
        function["parameters"] = parameters
    return {"type": "function", "function": function}


def as_tools(toolset: Toolset) -> list[ChatCompletionFunctionToolParam]:
    return [tool(each.name, dict(each.parameters), each.description) for each in toolset.tools]


def user(text: str) -> ChatCompletionMessageParam:
    return {"role": "user", "content": text}


WEATHER = tool(
    "get_weather",
    {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome", "Oslo"]}, "unit": {"enum": ["C", "F"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
    "Get the weather of a city.",
)
ADD = tool(
    "add",
    {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 99}, "b": {"enum": [1, 2, 3]}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    "Add two numbers.",
)
TODAY = tool("today", None, "Tell today's date.")
TOOLS = [WEATHER, ADD, TODAY]


def complete(client: OpenAI, **body: Any) -> ChatCompletion:
    """A whole answer, greedy and of the default profile unless `body` says otherwise."""
    create: Any = client.chat.completions.create
    answer = create(**{"model": "dualtune", "temperature": 0, **body})
    assert isinstance(answer, ChatCompletion)
    return answer


def fold(client: OpenAI, **body: Any) -> ChatCompletion:
    """The same, streamed and folded by the SDK."""
    stream: Any = client.chat.completions.stream
    with stream(**{"model": "dualtune", "temperature": 0, **body}) as events:
        # Not its final completion: the SDK refuses to give one that was cut short.
        folded = events.until_done().current_completion_snapshot
    assert isinstance(folded, ChatCompletion)
    return folded


def called(answer: ChatCompletion) -> list[tuple[str, str]]:
    """The calls of the first choice: names and arguments."""
    calls = answer.choices[0].message.tool_calls or []
    return [(call.function.name, call.function.arguments) for call in calls if call.type == "function"]


def assert_well_formed(answer: ChatCompletion, tools: list[ChatCompletionFunctionToolParam]) -> None:
    """What every answer keeps to, whatever the model decided: calls of `tools` with valid arguments, or text."""
    schemas = {
        each["function"]["name"]: each["function"].get("parameters") or {"additionalProperties": False}
        for each in tools
    }
    for choice in answer.choices:
        calls = choice.message.tool_calls or []
        assert (choice.message.content is None) == bool(calls)
        for call in calls:
            assert call.type == "function"
            jsonschema.validate(json.loads(call.function.arguments), schemas[call.function.name])
        if calls:
            assert choice.finish_reason in ("tool_calls", "stop")
        else:
            assert choice.finish_reason in ("stop", "length")
