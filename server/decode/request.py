"""What one step is asked: validated, frozen, free of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from server.constraints import JsonSchema
from server.conversation import Message
from server.engine.base import Sampling
from toolsets import Tool, Toolset

AdapterUse = Literal["decoupled", "traditional", "none"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a client names as `model`: a way to decode, and the adapters that it uses."""

    id: str
    decode: Literal["staged", "flat"]
    adapters: AdapterUse
    description: str


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A client's tool.

    `tool` is as the client sent it. `trained` is the registered tool of the same name, if any; `same_schema` says
    whether the client's schema is the one that it was registered with. `shown` is the name that the model sees: the
    registered one, without a client's `server__` prefix, and never a word that the stages use themselves.
    """

    tool: Tool
    shown: str
    trained: Tool | None = None
    same_schema: bool = False


@dataclass(frozen=True, slots=True)
class ToolGroup:
    """The offered tools of one toolset. `toolset` is None for tools that no registered toolset has."""

    name: str
    description: str
    tools: tuple[OfferedTool, ...]
    toolset: Toolset | None = None


@dataclass(frozen=True, slots=True)
class StepRequest:
    """One step of a conversation.

    `groups` hold the tools that may be called, already pruned by the client's tool choice; none means plain chat.
    `max_tokens` bounds what the client sees (arguments and text); None leaves it to the context. `sampling.max_tokens`
    is set by each stage.
    """

    profile: Profile
    messages: tuple[Message, ...]
    groups: tuple[ToolGroup, ...] = ()
    must_call: bool = False
    parallel: bool = False
    named: bool = False
    max_tokens: int | None = None
    answer_format: JsonSchema | None = None
    sampling: Sampling = field(default_factory=lambda: Sampling(max_tokens=1))
    argument_sampling: Sampling = field(default_factory=lambda: Sampling(max_tokens=1))
