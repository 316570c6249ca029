"""Every form of `tool_choice`, staged and flat, through the OpenAI SDK."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletion

from tests.engine.tools import TOOLS, assert_well_formed, called, complete, user

pytestmark = pytest.mark.engine

QUESTION = [user("What is the weather in Paris, in C?")]
NAMES = {tool["function"]["name"] for tool in TOOLS}


@pytest.fixture(params=["dualtune", "dualtune-flat"])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ask(client: OpenAI, model: str, tool_choice: Any, **more: Any) -> ChatCompletion:
    answer = complete(client, model=model, messages=QUESTION, tools=TOOLS, tool_choice=tool_choice, **more)
    assert_well_formed(answer, TOOLS)
    return answer


def names(answer: ChatCompletion) -> list[str]:
    return [name for name, _ in called(answer)]


def allowed(mode: str, *names: str) -> dict[str, Any]:
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


def test_required_always_calls_one_of_the_tools(client: OpenAI, model: str) -> None:
    answer = ask(client, model, "required")
    assert answer.choices[0].finish_reason == "tool_calls"
    assert len(called(answer)) == 1


def test_a_named_tool_is_called_and_the_answer_ends_with_stop(client: OpenAI, model: str) -> None:
    for name in sorted(NAMES):
        answer = ask(client, model, {"type": "function", "function": {"name": name}})
        assert (names(answer), answer.choices[0].finish_reason) == ([name], "stop")


def test_none_answers_with_text(client: OpenAI, model: str) -> None:
    answer = ask(client, model, "none", max_tokens=8)
    assert called(answer) == []
    assert answer.choices[0].message.content


@pytest.mark.parametrize("choice", ["auto", None])
def test_auto_calls_a_tool_or_answers_with_text(client: OpenAI, model: str, choice: str | None) -> None:
    answer = ask(client, model, choice, max_tokens=64)
    if called(answer):
        assert answer.choices[0].finish_reason == "tool_calls"
    else:
        assert answer.choices[0].message.content


def test_allowed_tools_that_are_required_leave_no_other_choice(client: OpenAI, model: str) -> None:
    for some in (["add"], ["add", "today"]):
        answer = ask(client, model, allowed("required", *some))
        assert set(names(answer)) <= set(some)
        assert answer.choices[0].finish_reason == "tool_calls"


def test_allowed_tools_in_auto_mode_never_call_another(client: OpenAI, model: str) -> None:
    assert set(names(ask(client, model, allowed("auto", "today"), max_tokens=64))) <= {"today"}


@pytest.mark.parametrize(
    "choice",
    [{"type": "function", "function": {"name": "nobody"}}, allowed("auto", "add", "nobody"), "sometimes"],
    ids=["named", "allowed", "unknown word"],
)
def test_a_choice_that_is_not_among_the_tools_is_refused(client: OpenAI, choice: Any) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(client, "dualtune", choice)
    assert refused.value.param == "tool_choice"


def test_a_choice_needs_tools(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as refused:
        complete(client, messages=QUESTION, tool_choice="required")
    assert refused.value.param == "tool_choice"


def test_parallel_calls_are_bounded_in_order_and_different(client: OpenAI) -> None:
    answer = ask(client, "dualtune", "required", parallel_tool_calls=True)
    calls = answer.choices[0].message.tool_calls or []
    assert 1 <= len(calls) <= 8
    assert len(set(called(answer))) == len(calls) == len({call.id for call in calls})
