"""A trajectory as the server would have it: one call a step, each with the conversation before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from server.conversation import Call, Message
from server.wire.history import read_messages
from server.wire.messages import WireMessage
from toolsets import Tool, Toolset
from toolsets.trajectory import Observation, Trajectory
from training.arguments import ArgumentsError, canonical_arguments
from training.errors import TrainingError

_MESSAGES = TypeAdapter(list[WireMessage])


@dataclass(frozen=True)
class Decision:
    """A valid call; `arguments` are canonical."""

    toolset: str
    tool: Tool
    arguments: str


@dataclass(frozen=True)
class Summary:
    """What the user was told of the results of a toolset's tools, the last of them at least."""

    toolset: str
    text: str


@dataclass(frozen=True)
class Step:
    """What was known, and what was decided; None where the model answered. `summary`: in words, after a tool."""

    messages: tuple[Message, ...]
    decision: Decision | None
    summary: Summary | None = None


def steps(trajectory: Trajectory, toolsets: Mapping[str, Toolset]) -> Iterator[Step]:
    """The steps of a trajectory that can be learnt from; a call that is not valid is only seen by those after it.

    Calls that the teacher made at once come one after the other, each with its result, and without the words that came
    with them: so the server makes them. Raises TrainingError when the tools are not those of `toolsets`.
    """
    _check_tools(trajectory, toolsets)
    messages = read_messages(_MESSAGES.validate_python(list(trajectory.opening)), {})
    last: Observation | None = None
    for step in trajectory.steps:
        for observation in step.calls:
            decision = _decision(observation, toolsets)
            if decision is not None:
                yield Step(messages, decision)
            messages += _turns(observation, decision)
            last = observation
    if trajectory.outcome == "answered":
        text = trajectory.answer
        yield Step(messages, None, Summary(last.toolset, text) if last and last.toolset and text else None)


def _decision(observation: Observation, toolsets: Mapping[str, Toolset]) -> Decision | None:
    if observation.toolset is None:
        return None
    tool = next((tool for tool in toolsets[observation.toolset].tools if tool.name == observation.tool), None)
    if tool is None:
        return None
    try:
        return Decision(observation.toolset, tool, canonical_arguments(tool, observation.call.arguments))
    except ArgumentsError:
        return None


def _turns(observation: Observation, decision: Decision | None) -> tuple[Message, Message]:
    # A call that is not valid stays as it was sent: the result says what is wrong with it.
    name = decision.tool.name if decision else observation.call.name
    arguments = decision.arguments if decision else observation.call.arguments
    call = Call(observation.call.id, name, arguments)
    result = Message("tool", observation.result.text, call_id=call.id, name=name)
    return Message("assistant", "", calls=(call,)), result


def _check_tools(trajectory: Trajectory, toolsets: Mapping[str, Toolset]) -> None:
    for name, digest in trajectory.toolsets.items():
        if name not in toolsets:
            raise TrainingError(f"it uses the toolset {name!r}, and there is none of that name", "toolsets")
        if toolsets[name].digest != digest:
            raise TrainingError(f"it was made with other tools of {name} than there are now; make it again", "toolsets")
