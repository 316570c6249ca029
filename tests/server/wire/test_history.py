"""Messages of every role and form, as the conversation that the model reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from server.conversation import Call, Message
from server.wire.errors import ApiError
from server.wire.history import read_messages
from server.wire.messages import WireMessage

ADAPTER: TypeAdapter[list[WireMessage]] = TypeAdapter(list[WireMessage])


def read(*messages: dict[str, Any], **shown: str) -> tuple[Message, ...]:
    return read_messages(ADAPTER.validate_python(list(messages)), shown)


def call(id: str, name: str, arguments: str = "{}") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


CALLED = {"role": "assistant", "tool_calls": [call("c1", "files__read", '{"path": 1}'), call("c2", "now")]}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "system", "content": "Rules."}, Message("system", "Rules.")),
        ({"role": "developer", "content": "Rules."}, Message("system", "Rules.")),
        ({"role": "user", "content": "Hello", "name": "Ann"}, Message("user", "Hello")),
        ({"role": "user", "content": ""}, Message("user", "")),
        ({"role": "user", "content": []}, Message("user", "")),
        (
            {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
            Message("user", "one\ntwo"),
        ),
        ({"role": "assistant", "content": "Hi."}, Message("assistant", "Hi.")),
        ({"role": "assistant", "content": None}, Message("assistant", "")),
        ({"role": "assistant"}, Message("assistant", "")),
        ({"role": "assistant", "content": None, "refusal": "I cannot."}, Message("assistant", "I cannot.")),
        (
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]},
            Message("assistant", "I cannot."),
        ),
        ({"role": "assistant", "content": "Hi.", "tool_calls": []}, Message("assistant", "Hi.")),
        (
            {"role": "assistant", "content": "Hi.", "annotations": [], "audio": None, "parsed": None, "extra": {}},
            Message("assistant", "Hi."),
        ),
        (
            {"role": "assistant", "tool_calls": [call("c1", "now", "broken{")]},
            Message("assistant", "", calls=(Call("c1", "now", "broken{"),)),
        ),
        (
            {
                "role": "assistant",
                "tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "x", "input": "i"}}],
            },
            Message("assistant", "", calls=(Call("c1", "x", json.dumps({"input": "i"})),)),
        ),
        (
            {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}},
            Message("assistant", "", calls=(Call("function_call", "now", "{}"),)),
        ),
        (
            {"role": "function", "name": "now", "content": "noon"},
            Message("tool", "noon", call_id="function_call", name="now"),
        ),
        (
            {"role": "function", "name": "now", "content": None},
            Message("tool", "", call_id="function_call", name="now"),
        ),
    ],
)
def test_each_form_of_message_is_read(message: dict[str, Any], expected: Message) -> None:
    assert read(message) == (expected,)


def test_results_answer_the_calls_of_the_turn_before_in_any_order_and_form() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert read(CALLED, result("c2", "noon"), result("c1", parts), files__read="read")[1:] == (
        Message("tool", "noon", call_id="c2", name="now"),
        Message("tool", "one\ntwo", call_id="c1", name="read"),
    )


def test_names_are_those_that_the_model_is_shown() -> None:
    function = {"role": "function", "name": "files__read", "content": "text"}
    old = {"role": "assistant", "function_call": {"name": "files__read", "arguments": "{}"}}
    messages = read(CALLED, old, function, files__read="read")
    assert [[past.name for past in message.calls] for message in messages[:2]] == [["read", "now"], ["read"]]
    assert messages[2].name == "read"


@pytest.mark.parametrize(
    "messages",
    [
        [result("c1", "text")],
        [CALLED, result("c3", "text")],
        [CALLED, result("c1", "text"), {"role": "assistant", "content": "Done."}, result("c2", "late")],
    ],
)
def test_a_result_that_answers_no_call_is_refused(messages: list[dict[str, Any]]) -> None:
    with pytest.raises(ApiError) as caught:
        read(*messages)
    last, id = len(messages) - 1, messages[-1]["tool_call_id"]
    assert (caught.value.status, caught.value.body()) == (
        400,
        {
            "error": {
                "message": f"`messages[{last}]` answers the call {id!r}, but the assistant message before it has no "
                "such call. Send the assistant message with its `tool_calls` first.",
                "type": "invalid_request_error",
                "param": f"messages[{last}].tool_call_id",
                "code": None,
            }
        },
    )


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f"}},
    ],
)
def test_what_is_no_text_is_refused_by_name(part: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        read({"role": "user", "content": [{"type": "text", "text": "Look:"}, part]})
    assert (caught.value.message, caught.value.param) == (
        f"`messages[0].content[1]` is of type {part['type']!r}: this server's model reads text only.",
        "messages[0].content[1]",
    )
