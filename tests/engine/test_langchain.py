"""LangChain's ChatOpenAI against the server, as its users use it."""

from __future__ import annotations

from typing import Literal

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field, SecretStr

from tests.engine.serving import Server

pytestmark = pytest.mark.engine

QUESTION = HumanMessage("What is the weather in Paris?")


@tool
def get_weather(city: Literal["Paris", "Rome"]) -> str:
    """Get the weather of a city."""
    return f"Sunny in {city}"


class City(BaseModel):
    """A city and its country."""

    name: Literal["Paris", "Rome", "Oslo"]
    country: Literal["France", "Italy", "Norway"]
    districts: int = Field(ge=1, le=99)


@pytest.fixture
def chat(server: Server) -> ChatOpenAI:
    key = SecretStr("none")
    return ChatOpenAI(
        model="dualtune", base_url=f"{server.url}/v1", api_key=key, temperature=0, max_retries=0, timeout=240
    )


def test_a_message_is_answered(chat: ChatOpenAI) -> None:
    answer = chat.invoke("What is the capital of France?")
    assert "Paris" in answer.text
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0


def test_a_bound_tool_is_called_and_its_result_is_answered(chat: ChatOpenAI) -> None:
    bound = chat.bind_tools([get_weather], tool_choice="get_weather")
    called = bound.invoke([QUESTION])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    assert (call["name"], called.invalid_tool_calls) == ("get_weather", [])
    result = get_weather.invoke(call)
    assert isinstance(result, ToolMessage)
    unforced = chat.bind_tools([get_weather], tool_choice="none").bind(max_tokens=24)
    final = unforced.invoke([QUESTION, called, result])
    assert final.text
    assert isinstance(final, AIMessage)
    assert final.tool_calls == []


async def test_a_streamed_call_adds_up_to_the_whole_one(chat: ChatOpenAI) -> None:
    bound = chat.bind_tools([get_weather], tool_choice="required")
    whole = await bound.ainvoke([QUESTION])
    streamed: AIMessageChunk | None = None
    async for chunk in bound.astream([QUESTION]):
        assert isinstance(chunk, AIMessageChunk)
        streamed = chunk if streamed is None else streamed + chunk
    assert streamed is not None
    assert isinstance(whole, AIMessage)
    assert [(call["name"], call["args"]) for call in streamed.tool_calls] == [
        (call["name"], call["args"]) for call in whole.tool_calls
    ]
    assert len(streamed.tool_calls) == 1


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_structured_output_is_parsed(chat: ChatOpenAI, method: Literal["function_calling", "json_schema"]) -> None:
    structured = chat.with_structured_output(City, method=method)
    assert isinstance(structured.invoke("Tell me about Oslo, in Norway."), City)
