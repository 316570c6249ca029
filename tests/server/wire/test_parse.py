"""What a request's parameters mean for the step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.constraints import JsonSchema
from server.conversation import Message
from server.decode.request import StepRequest
from server.engine.base import ModelInfo, Sampling
from server.profiles import PROFILES
from server.wire.errors import ApiError
from server.wire.parse import Chat, read_chat
from server.wire.request import ChatRequest
from tests.server.decoding import asked
from tests.server.toy import ADD, PATH, READ, READ_ALL, REGISTRY, SEND
from tests.server.web import body, wire
from toolsets import Tool

MODEL = ModelInfo("toy", 4096, 1000, default_temperature=0.2, default_top_p=0.9)
PROSE = Sampling(1, temperature=0.2, top_p=0.9)
ARGUMENTS = Sampling(1, top_p=0.9)
TOOLS = [wire(READ), wire(READ_ALL), wire(SEND)]


def read(**members: Any) -> Chat:
    return read_chat(ChatRequest.model_validate(body(**members)), PROFILES, REGISTRY, MODEL)


def step(**members: Any) -> StepRequest:
    return read(**members).step


def expected(*tools: Tool, **members: Any) -> StepRequest:
    return asked(*tools, **{"sampling": PROSE, "argument_sampling": ARGUMENTS, **members})


def names(request: StepRequest) -> list[list[str]]:
    return [[offered.tool.name for offered in group.tools] for group in request.groups]


def test_a_bare_request_is_plain_chat_with_the_models_own_sampling() -> None:
    assert read() == Chat(expected(), n=1, stream=False, include_usage=False)


def test_tools_are_offered_in_groups() -> None:
    assert step(tools=[*TOOLS, wire(ADD)]) == expected(READ, READ_ALL, SEND, ADD)


def test_a_flat_profile_has_all_tools_side_by_side() -> None:
    assert step(model="dualtune-flat", tools=TOOLS) == expected(READ, READ_ALL, SEND, profile="dualtune-flat")


@pytest.mark.parametrize("parameters", [None, {}])
def test_a_tool_without_parameters_takes_no_arguments(parameters: dict[str, Any] | None) -> None:
    (group,) = step(tools=[{"type": "function", "function": {"name": "now", "parameters": parameters}}]).groups
    assert group.tools[0].tool == Tool("now", "", {"type": "object", "properties": {}})


@pytest.mark.parametrize(
    ("choice", "groups", "members"),
    [
        (None, [["read", "read_all"], ["send"]], {}),
        ("auto", [["read", "read_all"], ["send"]], {}),
        ("none", [], {}),
        ("required", [["read", "read_all"], ["send"]], {"must_call": True}),
        ({"type": "function", "function": {"name": "send"}}, [["send"]], {"must_call": True, "named": True}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [
                        {"type": "function", "function": {"name": "send"}},
                        {"type": "function", "function": {"name": "read", "description": "Of no account."}},
                    ],
                },
            },
            [["read"], ["send"]],
            {},
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "read"}}]},
            },
            [["read"]],
            {"must_call": True},
        ),
    ],
)
def test_the_tool_choice_prunes_what_is_offered(choice: Any, groups: list[list[str]], members: dict[str, bool]) -> None:
    request = step(tools=TOOLS, tool_choice=choice)
    assert names(request) == groups
    assert replace(request, groups=()) == expected(**members)


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_without_tools_there_is_nothing_to_choose(choice: str | None) -> None:
    assert step(tools=[], tool_choice=choice) == expected()


@pytest.mark.parametrize(
    ("members", "parallel"),
    [
        ({}, False),
        ({"parallel_tool_calls": False}, False),
        ({"parallel_tool_calls": True}, True),
        ({"parallel_tool_calls": True, "tool_choice": {"type": "function", "function": {"name": "read"}}}, False),
    ],
)
def test_calls_in_parallel_are_made_where_they_are_asked_for(members: dict[str, Any], parallel: bool) -> None:
    assert step(tools=TOOLS, **members).parallel is parallel


@pytest.mark.parametrize(
    ("format", "schema"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, JsonSchema({"type": "object"})),
        ({"type": "json_schema", "json_schema": {"name": "any"}}, JsonSchema({"type": "object"})),
        ({"type": "json_schema", "json_schema": {"name": "path", "schema": PATH, "strict": True}}, JsonSchema(PATH)),
    ],
)
def test_an_answers_format_becomes_a_constraint(format: Any, schema: JsonSchema | None) -> None:
    assert step(response_format=format) == expected(answer_format=schema)


@pytest.mark.parametrize(
    ("member", "value", "prose", "arguments"),
    [
        ("temperature", 0, {"temperature": 0}, {}),
        ("temperature", 1.5, {"temperature": 1.5}, {"temperature": 1.5}),
        ("top_p", 0.5, {"top_p": 0.5}, {"top_p": 0.5}),
        ("top_k", 7, {"top_k": 7}, {"top_k": 7}),
        ("top_k", -1, {}, {}),
        ("min_p", 0.1, {"min_p": 0.1}, {"min_p": 0.1}),
        ("seed", -5, {"seed": -5}, {"seed": -5}),
        ("stop", "END", {"stop": ("END",)}, {}),
        ("stop", ["a", "b"], {"stop": ("a", "b")}, {}),
        ("presence_penalty", -2, {"presence_penalty": -2}, {}),
        ("frequency_penalty", 1.5, {"frequency_penalty": 1.5}, {}),
        ("repetition_penalty", 1.1, {"repetition_penalty": 1.1}, {}),
        ("logit_bias", {"7": 100, "999": -1}, {"logit_bias": {7: 100, 999: -1}}, {}),
        ("logit_bias", {}, {}, {}),
        ("logprobs", True, {"logprobs": 0}, {}),
        ("logprobs", False, {}, {}),
    ],
)
def test_sampling_parameters_are_for_prose_and_where_they_cannot_break_json_for_arguments(
    member: str, value: Any, prose: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert step(**{member: value}) == expected(
        sampling=replace(PROSE, **prose), argument_sampling=replace(ARGUMENTS, **arguments)
    )


def test_top_logprobs_go_with_logprobs() -> None:
    assert step(logprobs=True, top_logprobs=20).sampling == replace(PROSE, logprobs=20)


@pytest.mark.parametrize(
    ("members", "limit"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6}, 6),
        ({"max_tokens": 5, "max_completion_tokens": 6}, 6),
        ({"max_tokens": None}, None),
    ],
)
def test_the_newer_limit_of_tokens_is_the_stronger(members: dict[str, Any], limit: int | None) -> None:
    assert step(**members) == expected(max_tokens=limit)


def test_how_to_answer_stands_beside_the_step() -> None:
    chat = read(n=3, stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert chat == Chat(expected(), n=3, stream=True, include_usage=True)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("user", "me"),
        ("metadata", {"a": "b"}),
        ("store", True),
        ("service_tier", "auto"),
        ("safety_identifier", "x"),
        ("prompt_cache_key", "x"),
        ("prompt_cache_options", {"mode": "explicit"}),
        ("prompt_cache_retention", "24h"),
        ("reasoning_effort", "high"),
        ("verbosity", "low"),
        ("prediction", {"type": "content", "content": "x"}),
        ("modalities", ["text"]),
    ],
)
def test_parameters_without_a_meaning_here_change_nothing(member: str, value: Any) -> None:
    assert step(**{member: value}) == expected()


def test_every_parameter_may_be_null() -> None:
    members = {name: None for name in ChatRequest.model_fields if name not in ("model", "messages")}
    assert read(**members) == read()


def test_history_shows_the_model_the_names_that_it_is_offered() -> None:
    prefixed = Tool("files__read", "", READ.parameters)
    call = {"id": "c1", "type": "function", "function": {"name": "files__read", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "text"},
    ]
    request = step(messages=messages, tools=[wire(prefixed)], tool_choice="none")
    assert request.groups == ()
    assert request.messages[1].calls[0].name == "read"
    assert request.messages[2] == Message("tool", "text", call_id="c1", name="read")


def test_the_parameters_are_those_of_the_installed_openai_package() -> None:
    from openai.types.chat import completion_create_params

    known = {
        *completion_create_params.CompletionCreateParamsBase.__annotations__,
        *completion_create_params.CompletionCreateParamsStreaming.__annotations__,
    }
    ours = {"top_k", "min_p", "repetition_penalty"}
    assert set(ChatRequest.model_fields) == known | ours


@pytest.mark.parametrize(("name", "value"), [("logit_bias", {"7": 5}), ("min_p", 0.1)])
def test_an_engine_that_speculates_refuses_what_it_cannot_do(name: str, value: Any) -> None:
    model = replace(MODEL, speculates=True)
    with pytest.raises(ApiError, match="speculative_config") as refused:
        read_chat(ChatRequest.model_validate(body(**{name: value})), PROFILES, REGISTRY, model)
    assert (refused.value.status, refused.value.param) == (400, name)


@pytest.mark.parametrize(("name", "value"), [("logit_bias", {}), ("min_p", 0)])
def test_an_engine_that_speculates_takes_what_asks_for_nothing(name: str, value: Any) -> None:
    model = replace(MODEL, speculates=True)
    chat = read_chat(ChatRequest.model_validate(body(**{name: value})), PROFILES, REGISTRY, model)
    assert chat == read()
