"""The OpenAI SDK as its users use it: whole and streamed, sync and async, `.stream()` and `.parse()`."""

from __future__ import annotations

import json
from typing import Any, Literal

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, Field

from tests.engine.tools import TODAY, TOOLS, WEATHER, assert_well_formed, called, user

pytestmark = pytest.mark.engine

QUESTION = [user("What is the weather in Rome, in F?")]
CALL: dict[str, Any] = {"messages": QUESTION, "tools": TOOLS, "tool_choice": "required", "temperature": 0}
CHAT: dict[str, Any] = {"messages": [user("What is the capital of France?")], "temperature": 0, "max_tokens": 12}
MODELS = ["dualtune", "dualtune-flat"]


def essence(answer: ChatCompletion) -> list[Any]:
    """What two answers to one request share: not their ids, nor the fields that only whole messages have."""
    choices = [(choice.index, choice.finish_reason, choice.message.content) for choice in answer.choices]
    return [choices, called(answer)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("body", [CALL, CHAT], ids=["call", "chat"])
def test_a_stream_folded_by_the_sdk_is_the_whole_answer(client: OpenAI, model: str, body: dict[str, Any]) -> None:
    whole = client.chat.completions.create(model=model, **body)
    with client.chat.completions.stream(model=model, stream_options={"include_usage": True}, **body) as stream:
        folded = stream.until_done().get_final_completion()
    assert_well_formed(whole, TOOLS)
    assert essence(folded) == essence(whole)
    assert whole.usage is not None
    assert folded.usage is not None
    cached = {"prompt_tokens_details"}
    assert folded.usage.model_dump(exclude=cached) == whole.usage.model_dump(exclude=cached)
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens


async def test_the_async_client_gives_what_the_sync_one_gives(client: OpenAI, async_client: AsyncOpenAI) -> None:
    whole = client.chat.completions.create(model="dualtune", **CALL)
    again = await async_client.chat.completions.create(model="dualtune", **CALL)
    async with async_client.chat.completions.stream(model="dualtune", **CALL) as stream:
        folded = await stream.get_final_completion()
    assert essence(again) == essence(folded) == essence(whole)


def test_chunks_are_of_one_answer_with_the_calls_name_first_and_the_usage_last(client: OpenAI) -> None:
    usage = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="dualtune", stream=True, stream_options=usage, **CALL))  # type: ignore[call-overload]
    assert len({(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks}) == 1
    *parts, last = chunks
    assert (last.choices, last.usage.prompt_tokens > 0) == ([], True)
    assert [part.choices[0].delta.role for part in parts] == ["assistant", *[None] * (len(parts) - 1)]
    deltas = [call for part in parts for call in part.choices[0].delta.tool_calls or []]
    assert [(call.index, call.id is None, call.function.name is None) for call in deltas] == [
        (0, number > 0, number > 0) for number in range(len(deltas))
    ]
    assert deltas[0].function.arguments == ""
    assert len(deltas) > 2, "the arguments come in pieces"
    assert [part.choices[0].finish_reason for part in parts] == [*[None] * (len(parts) - 1), "tool_calls"]


def test_text_comes_in_pieces(client: OpenAI) -> None:
    with client.chat.completions.stream(model="dualtune", **CHAT) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion().choices[0].message.content
    assert len(pieces) > 3
    assert (
        "".join(pieces) == final == client.chat.completions.create(model="dualtune", **CHAT).choices[0].message.content
    )


class GetWeather(BaseModel):
    """Get the weather of a city."""

    city: Literal["Paris", "Rome"]
    days: int = Field(ge=1, le=9)


class Verdict(BaseModel):
    """Is it so?"""

    answer: Literal["yes", "no"]
    certainty: int = Field(ge=0, le=9)


@pytest.mark.parametrize("model", MODELS)
def test_pydantic_tools_are_parsed(client: OpenAI, model: str) -> None:
    answer = client.chat.completions.parse(
        model=model,
        messages=QUESTION,
        tools=[openai.pydantic_function_tool(GetWeather)],
        tool_choice="required",
        temperature=0,
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert isinstance(call.function.parsed_arguments, GetWeather)


async def test_a_pydantic_response_format_is_parsed(client: OpenAI, async_client: AsyncOpenAI) -> None:
    body: dict[str, Any] = {"messages": [user("Is Rome in Italy?")], "response_format": Verdict, "temperature": 0}
    whole = client.chat.completions.parse(model="dualtune", **body).choices[0].message.parsed
    async with async_client.chat.completions.stream(model="dualtune", **body) as stream:
        streamed = (await stream.get_final_completion()).choices[0].message.parsed
    assert isinstance(whole, Verdict)
    assert streamed == whole


def test_a_call_and_its_result_go_back_to_the_model_and_text_comes_out(client: OpenAI) -> None:
    first = client.chat.completions.create(model="dualtune", **CALL).choices[0].message
    (call,) = first.tool_calls or []
    result = {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"degrees": 71})}
    history: Any = [*QUESTION, first, result]
    answer = client.chat.completions.create(
        model="dualtune", messages=history, tools=TOOLS, tool_choice="none", temperature=0, max_tokens=24
    )
    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


def test_models_are_listed_and_found_by_id(client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {"dualtune", "dualtune-flat"} <= models.keys()
    assert client.models.retrieve("dualtune") == models["dualtune"]
    with pytest.raises(openai.NotFoundError) as unknown:
        client.models.retrieve("gpt-4")
    assert unknown.value.code == "model_not_found"


def test_what_does_not_fit_the_context_is_refused_before_anything_is_sent(client: OpenAI) -> None:
    body: dict[str, Any] = {"model": "dualtune", "messages": [user("word " * 9000)], "tools": [WEATHER, TODAY]}
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(stream=stream, **body)
        assert (refused.value.code, refused.value.param) == ("context_length_exceeded", "messages")
