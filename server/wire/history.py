"""The messages of a request as a conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from server.conversation import Call, Message
from server.wire.errors import bad_request
from server.wire.messages import (
    AssistantMessage,
    Content,
    CustomCall,
    FunctionMessage,
    OtherPart,
    RefusalPart,
    SystemMessage,
    ToolMessage,
    UserMessage,
    WireMessage,
)

_LEGACY_ID = "function_call"


def read_messages(messages: Sequence[WireMessage], shown: Mapping[str, str]) -> tuple[Message, ...]:
    """Messages of every role, as text. `shown` maps the client's names of tools to those that the model is shown.

    Raises `ApiError` for parts that are no text and for results that answer no call.
    """
    read: list[Message] = []
    open_calls: dict[str, str] = {}
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        match message:
            case SystemMessage():
                read.append(Message("system", _text(message.content, where)))
            case UserMessage():
                read.append(Message("user", _text(message.content, where)))
            case AssistantMessage():
                calls = _calls(message, shown)
                open_calls = {call.id: call.name for call in calls}
                content = _text(message.content or message.refusal or "", where)
                read.append(Message("assistant", content, calls=calls))
            case ToolMessage():
                name = open_calls.get(message.tool_call_id)
                if name is None:
                    raise bad_request(
                        f"`{where}` answers the call {message.tool_call_id!r}, but the assistant message before it "
                        "has no such call. Send the assistant message with its `tool_calls` first.",
                        f"{where}.tool_call_id",
                    )
                read.append(Message("tool", _text(message.content, where), call_id=message.tool_call_id, name=name))
            case FunctionMessage():
                name = shown.get(message.name, message.name)
                read.append(Message("tool", message.content or "", call_id=_LEGACY_ID, name=name))
    return tuple(read)


def _calls(message: AssistantMessage, shown: Mapping[str, str]) -> tuple[Call, ...]:
    calls = []
    for item in message.tool_calls or ():
        if isinstance(item, CustomCall):
            calls.append(Call(item.id, item.custom.name, json.dumps({"input": item.custom.input})))
        else:
            name = item.function.name
            calls.append(Call(item.id, shown.get(name, name), item.function.arguments))
    if message.function_call is not None:
        name = message.function_call.name
        calls.append(Call(_LEGACY_ID, shown.get(name, name), message.function_call.arguments))
    return tuple(calls)


def _text(content: Content, where: str) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for position, part in enumerate(content):
        if isinstance(part, OtherPart):
            raise bad_request(
                f"`{where}.content[{position}]` is of type {part.type!r}: this server's model reads text only.",
                f"{where}.content[{position}]",
            )
        texts.append(part.refusal if isinstance(part, RefusalPart) else part.text)
    return "\n".join(texts)
