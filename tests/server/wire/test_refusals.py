"""Every way in which a request can be wrong, and how its client hears of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine.scripted import ScriptedEngine
from server.wire.request import ChatRequest
from tests.server.toy import PATH, READ
from tests.server.web import CHAT, HELLO, app_on, body, client_of, wire

APP = app_on(ScriptedEngine(lambda generation: "Hi."))
FUNCTION = {"type": "function"}
SEVERAL = {"type": "allowed_tools"}


async def refused(content: Any) -> tuple[int, dict[str, Any]]:
    text = json.dumps(content)  # which, other than the client's own, holds whatever Python does
    async with client_of(APP) as client:
        answer = await client.post(CHAT, content=text, headers={"content-type": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


def error(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


MISSING = "missing_required_parameter"
INVALID = "invalid_value"
CALL = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("members", "param", "code"),
    [
        # What is not there, and what should not be.
        ({"messages": [{"content": "Hello"}]}, "messages[0].role", MISSING),
        ({"messages": [{"role": "user"}]}, "messages[0].content", MISSING),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type", MISSING),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text", MISSING),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", MISSING),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].name", MISSING),
        ({"tools": [{"function": {"name": "x"}}]}, "tools[0].type", MISSING),
        ({"tools": [FUNCTION]}, "tools[0].function", MISSING),
        ({"tools": [FUNCTION | {"function": {}}]}, "tools[0].function.name", MISSING),
        ({"tools": [FUNCTION | {"function": {"name": "x"}}, FUNCTION]}, "tools[1].function", MISSING),
        ({"tool_choice": FUNCTION | {"function": {}}}, "tool_choice.function.name", MISSING),
        ({"tool_choice": SEVERAL | {"allowed_tools": {"tools": [{}]}}}, "tool_choice.allowed_tools.mode", MISSING),
        ({"response_format": {}}, "response_format.type", MISSING),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", MISSING),
        ({"surprise": 1}, "surprise", "unknown_parameter"),
        ({"x" * 200: 1}, "x" * 100, "unknown_parameter"),
        ({"type": "messages", "messages": 5}, "messages", INVALID),
        ({"tools": [wire(READ) | {"surprise": 1}]}, "tools[0].surprise", "unknown_parameter"),
        ({"tools": [wire(READ, surprise=1)]}, "tools[0].function.surprise", "unknown_parameter"),
        ({"stream": True, "stream_options": {"surprise": 1}}, "stream_options.surprise", "unknown_parameter"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}, "surprise": 1}},
            "response_format.surprise",
            "unknown_parameter",
        ),
        # Values of the wrong kind.
        ({"messages": []}, "messages", INVALID),
        ({"messages": "Hello"}, "messages", INVALID),
        ({"messages": ["Hello"]}, "messages[0]", INVALID),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", INVALID),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", INVALID),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", INVALID),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content[0]", INVALID),
        ({"messages": [{"role": "user", "content": [{"type": "x"}]}]}, "messages[0].content[0].type", INVALID),
        ({"messages": [*HELLO, {"role": "assistant", "tool_calls": [{}]}]}, "messages[1].tool_calls[0].type", MISSING),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL | {"id": ""}]}]},
            "messages[0].tool_calls[0].id",
            INVALID,
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "x", "arguments": {}}}]}]},
            "messages[0].tool_calls[0].function.arguments",
            INVALID,
        ),
        ({"model": 5}, "model", INVALID),
        ({"tools": {}}, "tools", INVALID),
        ({"tools": [wire(READ)] * 513}, "tools", INVALID),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type", INVALID),
        ({"tools": [wire(READ, name="bad name")]}, "tools[0].function.name", INVALID),
        ({"tools": [wire(READ, name="")]}, "tools[0].function.name", INVALID),
        ({"tools": [wire(READ, name="x" * 65)]}, "tools[0].function.name", INVALID),
        ({"tools": [wire(READ, parameters=[])]}, "tools[0].function.parameters", INVALID),
        ({"tools": [wire(READ, strict="yes")]}, "tools[0].function.strict", INVALID),
        ({"tool_choice": "maybe"}, "tool_choice", INVALID),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice", INVALID),
        ({"tool_choice": SEVERAL | {"allowed_tools": {"mode": "none"}}}, "tool_choice.allowed_tools.mode", INVALID),
        (
            {"tool_choice": SEVERAL | {"allowed_tools": {"mode": "auto", "tools": []}}},
            "tool_choice.allowed_tools.tools",
            INVALID,
        ),
        ({"response_format": {"type": "yaml"}}, "response_format.type", INVALID),
        ({"parallel_tool_calls": "yes"}, "parallel_tool_calls", INVALID),
        ({"stream": "yes"}, "stream", INVALID),
        # Values out of range.
        *(({"temperature": value}, "temperature", INVALID) for value in (-0.1, 2.1, "1", True, float("nan"))),
        *(({"top_p": value}, "top_p", INVALID) for value in (0, 1.1)),
        *(({"n": value}, "n", INVALID) for value in (0, 129, 1.5, "1")),
        *(({"max_tokens": value}, "max_tokens", INVALID) for value in (0, -1, 2.5)),
        ({"max_completion_tokens": 0}, "max_completion_tokens", INVALID),
        ({"max_tokens": float("inf")}, "max_tokens", INVALID),
        ({"seed": 2**63}, "seed", INVALID),
        *(({"top_logprobs": value, "logprobs": True}, "top_logprobs", INVALID) for value in (-1, 21)),
        *(({"presence_penalty": value}, "presence_penalty", INVALID) for value in (-2.1, 2.1)),
        *(({"frequency_penalty": value}, "frequency_penalty", INVALID) for value in (-2.1, 2.1)),
        ({"repetition_penalty": 0}, "repetition_penalty", INVALID),
        ({"top_k": -2}, "top_k", INVALID),
        ({"min_p": 1.1}, "min_p", INVALID),
        ({"stop": ""}, "stop", INVALID),
        ({"stop": ["x", ""]}, "stop[1]", INVALID),
        ({"stop": ["x"] * 17}, "stop", INVALID),
        ({"logit_bias": {"7": 101}}, "logit_bias.7", INVALID),
        ({"metadata": {"a": 1}}, "metadata.a", INVALID),
        ({"metadata": {str(number): "x" for number in range(17)}}, "metadata", INVALID),
        ({"service_tier": "golden"}, "service_tier", INVALID),
        ({"verbosity": "extreme"}, "verbosity", INVALID),
        ({"modalities": ["video"]}, "modalities[0]", INVALID),
    ],
)
async def test_a_mistake_is_named_by_the_path_of_its_field(members: dict[str, Any], param: str, code: str) -> None:
    status, answer = await refused(body(**members))
    assert (status, answer["error"] | {"message": ""}) == (400, error("", param, code)["error"])
    assert f"`{param}`" in answer["error"]["message"]


@pytest.mark.parametrize("missing", ["model", "messages"])
async def test_model_and_messages_are_required(missing: str) -> None:
    members = {name: value for name, value in body().items() if name != missing}
    assert await refused(members) == (400, error(f"Missing required parameter: `{missing}`.", missing, MISSING))


NAMES_ADD = "`tool_choice` names 'add', which is not among `tools`."
ENTRY = 'Each of `allowed_tools.tools` must be {"type":"function","function":{"name":"..."}}.'
NO_TOOLS = "`tool_choice` asks for a tool, but there are no `tools`."
UNSUPPORTED = "unsupported_parameter"


def allowed(*entries: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": entries}}


@pytest.mark.parametrize(
    ("members", "message", "param", "code"),
    [
        ({"functions": []}, "`functions` is deprecated: send `tools`.", "functions", UNSUPPORTED),
        (
            {"function_call": "auto"},
            "`function_call` is deprecated: send `tool_choice`.",
            "function_call",
            UNSUPPORTED,
        ),
        ({"audio": {}}, "`audio` is not possible: this server answers with text.", "audio", UNSUPPORTED),
        (
            {"web_search_options": {}},
            "`web_search_options` is not possible: this server searches nothing; give it a tool that does.",
            "web_search_options",
            UNSUPPORTED,
        ),
        (
            {"moderation": {}},
            "`moderation` is not possible: this server has no moderation model.",
            "moderation",
            UNSUPPORTED,
        ),
        (
            {"modalities": ["text", "audio"]},
            "This server answers with text only: leave `audio` out.",
            "modalities",
            None,
        ),
        (
            {"stream_options": {}},
            "`stream_options` is only allowed together with `stream`.",
            "stream_options",
            None,
        ),
        ({"top_logprobs": 1}, "`top_logprobs` needs `logprobs` to be true.", "top_logprobs", None),
        (
            {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
            "`tools[0]` is a custom tool: this server calls `function` tools only.",
            "tools[0].type",
            None,
        ),
        (
            {"tools": [wire(READ), wire(READ)]},
            "`tools[1]`: the name 'read' occurs twice.",
            "tools[1].function.name",
            None,
        ),
        ({"tool_choice": "required"}, NO_TOOLS, "tool_choice", None),
        ({"tool_choice": FUNCTION | {"function": {"name": "add"}}}, NO_TOOLS, "tool_choice", None),
        (
            {"tools": [wire(READ)], "tool_choice": FUNCTION | {"function": {"name": "add"}}},
            NAMES_ADD,
            "tool_choice",
            None,
        ),
        (
            {"tools": [wire(READ)], "tool_choice": allowed(FUNCTION | {"function": {"name": "add"}})},
            NAMES_ADD,
            "tool_choice",
            None,
        ),
        *(
            (
                {"tools": [wire(READ)], "tool_choice": allowed(entry)},
                ENTRY,
                "tool_choice.allowed_tools.tools",
                None,
            )
            for entry in ({}, FUNCTION, {"function": {"name": "read"}}, FUNCTION | {"function": {"name": 5}})
        ),
        (
            {"tools": [wire(READ)], "tool_choice": {"type": "custom", "custom": {"name": "x"}}},
            "`tool_choice` names a custom tool: this server calls `function` tools only.",
            "tool_choice",
            None,
        ),
        *(
            (
                {"logit_bias": {key: 1}},
                f"`logit_bias` has the key {key[:20]!r}: keys are token ids below 50000.",
                "logit_bias",
                None,
            )
            for key in ("x", "-1", "50000", "", "9" * 5000, "1.5")
        ),
    ],
)
async def test_what_has_no_meaning_here_is_refused_with_the_reason(
    members: dict[str, Any], message: str, param: str, code: str | None
) -> None:
    assert await refused(body(**members)) == (400, error(message, param, code))


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = PATH
    for _ in range(depth):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        ({"type": "string"}, {}),
        ({"type": "objekt"}, {}),
        ({"type": "object", "properties": {"x": {"$ref": "#/$defs/missing"}}}, {}),
        ({"type": "object", "properties": {"x": {"$ref": "https://example.com/x"}}}, {}),
        ({"type": "object", "properties": {}}, {"strict": True}),
        (nested(200), {}),
        (PATH | {"x-more": json.loads("[" * 100 + "]" * 100)}, {}),
    ],
)
async def test_a_schema_that_no_arguments_can_be_written_for_is_refused(
    parameters: dict[str, Any], more: dict[str, Any]
) -> None:
    status, answer = await refused(body(tools=[wire(READ, parameters=parameters, **more)]))
    message = answer["error"].pop("message")
    expected = {"param": "tools[0].function.parameters", "code": "invalid_function_parameters"}
    assert (status, answer["error"]) == (400, {"type": "invalid_request_error", **expected})
    assert message.startswith("Invalid schema for function 'read': ")


async def test_a_schema_that_no_answer_can_be_written_for_is_refused() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "objekt"}}}
    status, answer = await refused(body(response_format=wanted))
    assert (status, answer["error"]["param"]) == (400, "response_format.json_schema.schema")
    assert answer["error"]["message"].startswith("Invalid schema for response_format 'x': ")


async def test_text_that_is_no_unicode_is_refused_or_escaped() -> None:
    unknown = "The model `\\ud800` does not exist here."
    status, answer = await refused(body(model="\ud800"))
    assert (status, answer["error"]["message"][: len(unknown)]) == (404, unknown)
    status, answer = await refused(body(**{"\ud800": 1}))
    assert (status, answer["error"]["param"], answer["error"]["code"]) == (400, None, INVALID)
    status, _ = await refused(body(user="\ud800", messages=[{"role": "user", "content": "\ud800"}]))
    assert status == 200


async def test_an_unknown_model_is_not_found_and_the_known_ones_are_named() -> None:
    message = (
        "The model `gpt-9` does not exist here. "
        "This server has: dualtune, dualtune-traditional, dualtune-base, dualtune-flat."
    )
    assert await refused(body(model="gpt-9")) == (404, error(message, "model", "model_not_found"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "function", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(ChatRequest.model_fields)), json_values, max_size=4))
async def test_no_value_of_any_parameter_is_a_fault_of_the_server(members: dict[str, Any]) -> None:
    status, answer = await refused({**body(max_tokens=5), **members, "n": 1, "stream": False})
    assert status in (200, 400, 404), answer
