"""Messages of the OpenAI wire, in every form that a text model can take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=512)]
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Wire(BaseModel):
    """A part of a request. An unknown field, or a text for a number, is a mistake that the client should hear of."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LooseWire(BaseModel):
    """A part of a request that clients copy from answers, extra fields and all."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class TextPart(LooseWire):
    type: Literal["text"]
    text: str


class RefusalPart(LooseWire):
    type: Literal["refusal"]
    refusal: str


class OtherPart(LooseWire):
    """Images, sound and files: known on the wire, not to text models. Refused by name when messages are read."""

    type: Literal["image_url", "input_audio", "file"]


Part = Annotated[TextPart | RefusalPart | OtherPart, Field(discriminator="type")]
Content = str | list[Part]


class CalledFunction(LooseWire):
    name: str
    arguments: str = ""


class FunctionCall(LooseWire):
    id: Id
    type: Literal["function"]
    function: CalledFunction


class CustomCalled(LooseWire):
    name: str
    input: str = ""


class CustomCall(LooseWire):
    id: Id
    type: Literal["custom"]
    custom: CustomCalled


class SystemMessage(LooseWire):
    role: Literal["system", "developer"]
    content: Content
    name: str | None = None


class UserMessage(LooseWire):
    role: Literal["user"]
    content: Content
    name: str | None = None


class AssistantMessage(LooseWire):
    role: Literal["assistant"]
    content: Content | None = None
    refusal: str | None = None
    tool_calls: list[Annotated[FunctionCall | CustomCall, Field(discriminator="type")]] | None = None
    function_call: CalledFunction | None = None
    name: str | None = None


class ToolMessage(LooseWire):
    role: Literal["tool"]
    content: Content
    tool_call_id: Id
    name: str | None = None


class FunctionMessage(LooseWire):
    role: Literal["function"]
    content: str | None
    name: str


WireMessage = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage, Field(discriminator="role")
]

JsonObject = dict[str, Any]
