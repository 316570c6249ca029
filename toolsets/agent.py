"""The agent's loop: call, execute, observe, until the model answers (DualTune, section 4.3)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from toolsets.chat import ChatModel, ModelError
from toolsets.result import ToolResult
from toolsets.toolbox import Toolbox
from toolsets.trajectory import Call, Message, Observation, Outcome, Reply, Step, Trajectory

_MAX_FRUITLESS = 2
"""After as many calls in a row that told nothing new, a call that was made before is refused."""
_MAX_REFUSALS = 2
"""As many refusals, with nothing new between them, end the run."""


@dataclass(frozen=True)
class AgentLimits:
    """How many replies the model may give, and how long the whole run and a single call may take, in seconds."""

    max_steps: int = 20
    max_seconds: float = 600.0
    call_seconds: float = 60.0


@dataclass(frozen=True)
class Ended:
    """The last event of a run."""

    outcome: Outcome
    error: str | None = None


Event = Reply | Observation | Ended


def opening(task: str, root: Path | None = None) -> tuple[Message, ...]:
    """The first messages of a conversation: what the agent is for, where its workspace is, and the task."""
    instructions = (
        "You carry out the user's task with the tools you have, one step at a time, and then say what you did."
    )
    if root is not None:
        instructions += f" The user's workspace is the folder {root}."
    return ({"role": "system", "content": instructions}, {"role": "user", "content": task})


async def act(
    model: ChatModel, toolbox: Toolbox, messages: Sequence[Message], limits: AgentLimits
) -> AsyncGenerator[Event, None]:
    """One event for each reply and each call, as they come; `Ended` is the last."""
    conversation = list(messages)
    deadline = monotonic() + limits.max_seconds
    guard = _RepetitionGuard()
    used: set[str] = set()
    for _ in range(limits.max_steps):
        try:
            async with asyncio.timeout(max(0.0, deadline - monotonic())):
                reply = _with_own_ids(await model.reply(conversation, toolbox.offer), used)
        except TimeoutError:
            yield Ended("time_limit")
            return
        except ModelError as error:
            yield Ended("failed", str(error))
            return
        yield reply
        if not reply.calls:
            yield Ended("answered")
            return
        conversation.append(reply.message)
        for call in reply.calls:
            left = deadline - monotonic()
            if left <= 0:
                yield Ended("time_limit")
                return
            if guard.refuses(call):
                observed = toolbox.observation(call, guard.refusal)
            else:
                observed = await toolbox.call(call, seconds=min(limits.call_seconds, left))
                guard.saw(observed)
            yield observed
            conversation.append(observed.message)
        if guard.is_ignored:
            yield Ended("repeated")
            return
    yield Ended("step_limit")


class Run:
    """One run and its record, which is whole at any moment: also when the run is cancelled."""

    def __init__(self, model: ChatModel, toolbox: Toolbox, messages: Sequence[Message], limits: AgentLimits) -> None:
        self._start = monotonic()
        self._trajectory = Trajectory(
            model=model.model,
            base_url=model.base_url,
            toolsets=toolbox.digests,
            opening=tuple(messages),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=0.0,
            outcome="interrupted",
        )
        self._events = act(model, toolbox, messages, limits)

    @property
    def trajectory(self) -> Trajectory:
        """What happened so far; `interrupted` until it has ended."""
        return self._trajectory

    async def events(self) -> AsyncGenerator[Event, None]:
        """Carry the task out. To be read to its end, or closed."""
        async with aclosing(self._events) as events:
            async for event in events:
                self._trajectory = _with(self._trajectory, event, monotonic() - self._start)
                yield event


async def run(
    model: ChatModel, toolbox: Toolbox, messages: Sequence[Message], limits: AgentLimits | None = None
) -> Trajectory:
    """Carry a task out, unseen. What goes wrong with the model or a tool is in the trajectory, not raised."""
    running = Run(model, toolbox, messages, limits or AgentLimits())
    async with aclosing(running.events()) as events:
        async for _ in events:
            pass
    return running.trajectory


def _with(trajectory: Trajectory, event: Event, seconds: float) -> Trajectory:
    match event:
        case Reply():
            return replace(trajectory, seconds=seconds, steps=(*trajectory.steps, Step(event)))
        case Observation():
            last = replace(trajectory.steps[-1], calls=(*trajectory.steps[-1].calls, event))
            return replace(trajectory, seconds=seconds, steps=(*trajectory.steps[:-1], last))
        case Ended(outcome, error):
            return replace(trajectory, seconds=seconds, outcome=outcome, error=error)


def _with_own_ids(reply: Reply, used: set[str]) -> Reply:
    """The reply with an id of its own for each call: there are servers that give none, or always the same."""
    calls = []
    for call in reply.calls:
        if not call.id or call.id in used:
            call = replace(call, id=f"call_{len(used) + 1}")
        used.add(call.id)
        calls.append(call)
    return replace(reply, calls=tuple(calls))


class _RepetitionGuard:
    """Sees a model go round in circles: calls that were made before and tell nothing new, one after the other."""

    refusal = ToolResult(
        "This call was made before and gave the same result again, so it was not made once more. "
        "Take another step, or answer the user.",
        is_error=True,
    )

    def __init__(self) -> None:
        self._made: set[tuple[str, str]] = set()
        self._known: set[tuple[tuple[str, str], str]] = set()
        self._fruitless = 0
        self._refusals = 0

    @property
    def is_ignored(self) -> bool:
        return self._refusals >= _MAX_REFUSALS

    def refuses(self, call: Call) -> bool:
        refused = self._fruitless >= _MAX_FRUITLESS and _key(call) in self._made
        self._refusals += refused
        return refused

    def saw(self, observed: Observation) -> None:
        key = _key(observed.call)
        self._made.add(key)
        if (key, observed.result.text) in self._known:
            self._fruitless += 1
        else:
            # Something new: also calls made before may now bring something else.
            self._known.add((key, observed.result.text))
            self._fruitless = self._refusals = 0


def _key(call: Call) -> tuple[str, str]:
    """The call, however its arguments are spaced and ordered."""
    try:
        return call.name, json.dumps(json.loads(call.arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return call.name, call.arguments
