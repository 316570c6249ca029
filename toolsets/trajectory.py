"""What an agent did, step by step: the record that is shown, kept in a file, judged, and trained on.

The file is one JSON object:

    format      1
    model       the id that was asked for, and base_url, where
    toolsets    name -> digest of the tools that were offered
    started     when, ISO 8601 in UTC; seconds, how long it took
    outcome     answered | step_limit | time_limit | repeated | failed | interrupted; error, why, where there is more
    answer      the text for the user, or null
    messages    the whole conversation in OpenAI's form, every call answered
    opening     its first messages, before the model wrote any
    steps       one for each reply of the model:
        reply   text, calls, finish (OpenAI's finish_reason), usage, seconds, and the stages that our server reports
        calls   in their order: toolset and tool (null where there is none of that name), and the result as it came:
                text, is_error, truncated, structured, seconds

`messages` and `answer` follow from the others; they stand there for readers of the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from toolsets.manifest import first_problem
from toolsets.model import ToolsetError
from toolsets.result import ToolResult
from toolsets.snapshot import write_file

Outcome = Literal["answered", "step_limit", "time_limit", "repeated", "failed", "interrupted"]
Message = Mapping[str, Any]

_UNANSWERED = ToolResult("the run ended before this call was answered", is_error=True)


@dataclass(frozen=True)
class Call:
    """A call as the model wrote it: `name` as it was offered, `arguments` as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Reply:
    """One answer of the model. `stages` and `usage` are the server's own reports, where it gives any."""

    text: str | None
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    usage: Mapping[str, Any] | None = None
    stages: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0

    def chose(self, stage: str) -> str | None:
        """What a stage chose first, as the server reports it; None where it reports no such stage."""
        return next((report.get("choice") for report in self.stages if report.get("stage") == stage), None)

    @property
    def message(self) -> Message:
        if not self.calls:
            return {"role": "assistant", "content": self.text or ""}
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in self.calls
        ]
        return {"role": "assistant", "content": self.text, "tool_calls": calls}


@dataclass(frozen=True)
class Observation:
    """What came of a call. `toolset` and `tool` are None where the name is nobody's."""

    call: Call
    toolset: str | None
    tool: str | None
    result: ToolResult

    @property
    def message(self) -> Message:
        return {"role": "tool", "tool_call_id": self.call.id, "content": self.result.text}


@dataclass(frozen=True)
class Step:
    """A reply and, in its calls' order, what came of them; fewer where the run was interrupted."""

    reply: Reply
    calls: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class Trajectory:
    """A run of the agent, ended one way or another."""

    model: str
    base_url: str
    toolsets: Mapping[str, str]
    opening: tuple[Message, ...]
    started: str
    seconds: float
    outcome: Outcome
    steps: tuple[Step, ...] = ()
    error: str | None = None
    format: Literal[1] = field(default=1)

    @property
    def answer(self) -> str | None:
        return self.steps[-1].reply.text or "" if self.outcome == "answered" else None

    @property
    def calls(self) -> list[Observation]:
        """What was called in all steps, with what came of it."""
        return [seen for step in self.steps for seen in step.calls]

    @property
    def messages(self) -> list[Message]:
        """The conversation. A call that was never answered gets a result that says so: no call stands alone."""
        messages = list(self.opening)
        for step in self.steps:
            messages.append(step.reply.message)
            messages += [seen.message for seen in step.calls]
            unanswered = step.reply.calls[len(step.calls) :]
            messages += [Observation(call, None, None, _UNANSWERED).message for call in unanswered]
        return messages


_ADAPTER = TypeAdapter(Trajectory)


def write_trajectory(path: Path, trajectory: Trajectory) -> None:
    """Write the file, whole or not at all."""
    data = _ADAPTER.dump_python(trajectory, mode="json")
    data |= {"answer": trajectory.answer, "messages": trajectory.messages}
    write_file(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def read_trajectory(path: Path) -> Trajectory:
    """Read a file that `write_trajectory` made. Raises ToolsetError naming the field that is not as it must be."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        name, problem = first_problem(error)
        raise ToolsetError(f"{path}: {name}: {problem}", name) from None
    except OSError as error:
        raise ToolsetError(f"{path} cannot be read: {error.strerror}", "path") from None
