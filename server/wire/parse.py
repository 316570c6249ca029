"""From the wire to a step: everything that can be wrong with a request is said here, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.constraints import JsonSchema
from server.constraints.schema import schema_error, strict_error
from server.decode.menu import as_one_group, group_tools, only_named, shown_names
from server.decode.request import Profile, StepRequest, ToolGroup
from server.engine.base import ModelInfo, Sampling
from server.wire.errors import bad_request, model_not_found
from server.wire.history import read_messages
from server.wire.request import (
    AllowedToolsChoice,
    ChatRequest,
    CustomTool,
    CustomToolChoice,
    FunctionTool,
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
)
from toolsets import Registry, Tool

_DEEPEST = 100
"""Levels of a schema; Python's own limit, met at some later place, would be a fault of ours."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A request, understood: one step, decoded `n` times, and how to send the answer."""

    step: StepRequest
    n: int
    stream: bool
    include_usage: bool


def read_chat(body: ChatRequest, profiles: Mapping[str, Profile], registry: Registry, model: ModelInfo) -> Chat:
    """Raises `ApiError` (400, or 404 for an unknown model) naming the parameter and the remedy."""
    profile = profiles.get(body.model)
    if profile is None:
        raise model_not_found(body.model, list(profiles))
    _refuse_unsupported(body)
    offered = group_tools(_read_tools(body), registry)
    if profile.decode == "flat":
        offered = as_one_group(offered)
    choice = _read_tool_choice(body, offered)
    messages = read_messages(body.messages, shown_names(offered))
    sampling = _read_sampling(body, model)
    return Chat(
        step=StepRequest(
            profile=profile,
            messages=messages,
            groups=choice.groups,
            must_call=choice.must_call,
            named=choice.named,
            parallel=body.parallel_tool_calls is True and not choice.named,
            max_tokens=body.max_completion_tokens or body.max_tokens,
            answer_format=_read_format(body),
            sampling=sampling,
            argument_sampling=_for_arguments(sampling, body),
        ),
        n=body.n or 1,
        stream=bool(body.stream),
        include_usage=bool(body.stream_options and body.stream_options.include_usage),
    )


def _refuse_unsupported(body: ChatRequest) -> None:
    remedies = {
        "functions": "is deprecated: send `tools`.",
        "function_call": "is deprecated: send `tool_choice`.",
        "audio": "is not possible: this server answers with text.",
        "web_search_options": "is not possible: this server searches nothing; give it a tool that does.",
        "moderation": "is not possible: this server has no moderation model.",
    }
    for name, remedy in remedies.items():
        if getattr(body, name) is not None:
            raise bad_request(f"`{name}` {remedy}", name, "unsupported_parameter")
    if body.modalities and "audio" in body.modalities:
        raise bad_request("This server answers with text only: leave `audio` out.", "modalities")
    if body.stream_options is not None and not body.stream:
        raise bad_request("`stream_options` is only allowed together with `stream`.", "stream_options")
    if body.top_logprobs is not None and not body.logprobs:
        raise bad_request("`top_logprobs` needs `logprobs` to be true.", "top_logprobs")


def _read_tools(body: ChatRequest) -> list[Tool]:
    tools: list[Tool] = []
    for position, item in enumerate(body.tools or ()):
        where = f"tools[{position}]"
        if isinstance(item, CustomTool):
            raise bad_request(f"`{where}` is a custom tool: this server calls `function` tools only.", f"{where}.type")
        tools.append(_read_tool(item, where))
        if any(tool.name == item.function.name for tool in tools[:-1]):
            raise bad_request(f"`{where}`: the name {item.function.name!r} occurs twice.", f"{where}.function.name")
    return tools


def _read_tool(item: FunctionTool, where: str) -> Tool:
    function, where = item.function, f"{where}.function.parameters"
    parameters = function.parameters or {"type": "object", "properties": {}}
    if (problem := _schema_problem(parameters, strict=function.strict)) is not None:
        raise bad_request(
            f"Invalid schema for function {function.name!r}: {problem}", where, "invalid_function_parameters"
        )
    return Tool(name=function.name, description=function.description or "", parameters=parameters)


def _schema_problem(schema: Mapping[str, Any], *, strict: bool | None) -> str | None:
    if _is_deeper_than(_DEEPEST, schema):
        return f"it is nested more than {_DEEPEST} deep"
    return schema_error(schema) or (strict_error(schema) if strict else None)


def _is_deeper_than(depth: int, value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth == 0 or any(_is_deeper_than(depth - 1, part) for part in parts)


@dataclass(frozen=True, slots=True)
class _Choice:
    groups: tuple[ToolGroup, ...]
    must_call: bool = False
    named: bool = False


def _read_tool_choice(body: ChatRequest, offered: tuple[ToolGroup, ...]) -> _Choice:
    choice = body.tool_choice
    if choice is None or choice == "auto":
        return _Choice(offered)
    if choice == "none":
        return _Choice(())
    if not offered:
        raise bad_request("`tool_choice` asks for a tool, but there are no `tools`.", "tool_choice")
    if choice == "required":
        return _Choice(offered, must_call=True)
    if isinstance(choice, CustomToolChoice):
        raise bad_request("`tool_choice` names a custom tool: this server calls `function` tools only.", "tool_choice")
    if isinstance(choice, NamedTool):
        groups = _pruned(offered, [choice.function.name])
        return _Choice(groups, must_call=True, named=True)
    assert isinstance(choice, AllowedToolsChoice)  # noqa: S101 - narrows the union for the type checker
    names = [_allowed_name(entry) for entry in choice.allowed_tools.tools]
    return _Choice(_pruned(offered, names), must_call=choice.allowed_tools.mode == "required")


def _allowed_name(entry: Mapping[str, Any]) -> str:
    function = entry.get("function")
    name = function.get("name") if isinstance(function, Mapping) else None
    if entry.get("type") != "function" or not isinstance(name, str):
        raise bad_request(
            'Each of `allowed_tools.tools` must be {"type":"function","function":{"name":"..."}}.',
            "tool_choice.allowed_tools.tools",
        )
    return name


def _pruned(offered: tuple[ToolGroup, ...], names: Iterable[str]) -> tuple[ToolGroup, ...]:
    known = {tool.tool.name for group in offered for tool in group.tools}
    for name in names:
        if name not in known:
            raise bad_request(f"`tool_choice` names {name!r}, which is not among `tools`.", "tool_choice")
    return only_named(offered, frozenset(names))


def _read_format(body: ChatRequest) -> JsonSchema | None:
    wanted = body.response_format
    if isinstance(wanted, JsonObjectFormat):
        return JsonSchema({"type": "object"})
    if not isinstance(wanted, JsonSchemaFormat):
        return None
    schema = wanted.json_schema.json_schema or {"type": "object"}
    if (problem := _schema_problem(schema, strict=wanted.json_schema.strict)) is not None:
        raise bad_request(
            f"Invalid schema for response_format {wanted.json_schema.name!r}: {problem}",
            "response_format.json_schema.schema",
        )
    return JsonSchema(schema)


def _read_sampling(body: ChatRequest, model: ModelInfo) -> Sampling:
    _check_speculation(body, model)
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    return Sampling(
        max_tokens=1,  # set by each stage from what is left
        temperature=model.default_temperature if body.temperature is None else body.temperature,
        top_p=model.default_top_p if body.top_p is None else body.top_p,
        top_k=max(0, body.top_k or 0),
        min_p=body.min_p or 0.0,
        presence_penalty=body.presence_penalty or 0.0,
        frequency_penalty=body.frequency_penalty or 0.0,
        repetition_penalty=body.repetition_penalty or 1.0,
        logit_bias=_read_logit_bias(body, model),
        stop=stop,
        seed=body.seed,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
    )


def _for_arguments(sampling: Sampling, body: ChatRequest) -> Sampling:
    """Arguments are greedy unless the client asks for another temperature.

    Stop strings and penalties are for prose: in JSON they would break what the grammar has to close.
    """
    return Sampling(
        max_tokens=1,
        temperature=body.temperature or 0.0,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        min_p=sampling.min_p,
        seed=sampling.seed,
    )


def _check_speculation(body: ChatRequest, model: ModelInfo) -> None:
    for name, value in (("logit_bias", body.logit_bias), ("min_p", body.min_p)):
        if value and model.speculates:
            raise bad_request(
                f"`{name}` is not possible with speculative decoding: leave it out, or serve without the engine's "
                "option `speculative_config`.",
                name,
            )


def _read_logit_bias(body: ChatRequest, model: ModelInfo) -> dict[int, float] | None:
    bias: dict[int, float] = {}
    for key, value in (body.logit_bias or {}).items():
        token = int(key) if key.isdecimal() and len(key) < 10 else model.vocabulary
        if token >= model.vocabulary:
            raise bad_request(
                f"`logit_bias` has the key {key[:20]!r}: keys are token ids below {model.vocabulary}.", "logit_bias"
            )
        bias[token] = value
    return bias or None
