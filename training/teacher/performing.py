"""Trajectories: a teacher carries out the requests on the real tools, and what went well is kept.

Beside the trajectories `FILE.jsonl` stands `FILE.answers.jsonl`: every answer of the teacher, written before anything
is done with it, and what became of each request. Where a run was interrupted in the middle of a request, it is begun
again in the same workspace, and what the teacher said before is taken from that file as long as the tools answer as
they did then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from server.chat_template import compact_json
from toolsets.agent import AgentLimits, opening, run
from toolsets.chat import ModelError
from toolsets.trajectory import Call, Message, Reply, Trajectory
from training.errors import Interrupted, TrainingError
from training.teacher.endpoint import Completion, Endpoint, Refused
from training.teacher.journal import Journal
from training.teacher.places import Subject, open_place
from training.teacher.pool import work
from training.teacher.queries import Query
from training.teacher.usage import Usage
from training.trajectory import Demonstration

KEPT = "kept"
LIMITS = AgentLimits(max_seconds=4 * 3600.0)
"""The time is long, since waiting for a teacher that bounds its rate counts; what it says is bounded by the steps."""
_OPENING_MESSAGES = 2


class Answer(BaseModel):
    """What the teacher said to a request of this digest, while it carried out a query."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    query: str
    request: str
    completion: Completion


class Over(BaseModel):
    """What became of a query: `KEPT`, or why it was not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    query: str
    outcome: str


@dataclass
class Performance:
    """What there is so far; `outcomes` by query, `new` of them of this run."""

    demonstrations: list[Demonstration]
    outcomes: dict[str, str]
    usage: Usage
    new: int = 0

    @property
    def discarded(self) -> Counter[str]:
        return Counter(outcome for outcome in self.outcomes.values() if outcome != KEPT)


class Performing:
    """Lets a file of trajectories grow by those of `queries` that it has not yet. Raises TrainingError for another's
    file.
    """

    def __init__(self, subject: Subject, endpoint: Endpoint, path: Path, queries: Sequence[Query]) -> None:
        self._subject = subject
        self._endpoint = endpoint
        self._queries = queries
        self._kept = Journal(path, TypeAdapter(Demonstration))
        self._log: Journal[Answer | Over] = Journal(answers_file(path), TypeAdapter(Answer | Over))
        self._answers: dict[str, Completion] = {}
        self.found = self._read()

    async def run(
        self, limits: AgentLimits, at_once: int, show: Callable[[], None], should_stop: Callable[[], bool]
    ) -> None:
        """Carry out what was not. Raises Interrupted, and TrainingError where the teacher does not answer."""

        async def perform(query: Query) -> None:
            demonstration, outcome = await self._perform(query, limits, should_stop)
            if demonstration is not None:
                self._kept.append(demonstration)
                self.found.demonstrations.append(demonstration)
            self._log.append(Over(query=query.id, outcome=outcome))
            self.found.outcomes[query.id] = outcome
            self.found.new += 1
            show()

        left = [query for query in self._queries if query.id not in self.found.outcomes]
        await work(left, perform, at_once, should_stop)
        if any(query.id not in self.found.outcomes for query in self._queries):
            raise Interrupted

    async def _perform(
        self, query: Query, limits: AgentLimits, should_stop: Callable[[], bool]
    ) -> tuple[Demonstration | None, str]:
        model = _Recorded(query, self._endpoint, self._ask, should_stop)
        async with open_place(self._subject, query.workspace) as place:
            trajectory = await run(model, place.toolbox, opening(query.text, place.root), limits)
        fault = unfit(trajectory, query)
        if fault is not None:
            return None, fault
        called = [seen.tool for seen in trajectory.calls if seen.tool]
        tool = next((name for name in query.tools if name in called), called[0] if called else None)
        made = Demonstration(
            id=query.id, template=query.id, tool=tool, workspace=query.workspace, trajectory=trajectory
        )
        return made, KEPT

    async def _ask(self, query: Query, request: Mapping[str, Any]) -> Completion:
        """The teacher's answer, from the file if it gave one before. Raises what the endpoint does."""
        digest = sha256(compact_json([query.id, self._endpoint.model, request]).encode()).hexdigest()
        if digest not in self._answers:
            completion = await self._endpoint.complete(request)
            self._log.append(Answer(query=query.id, request=digest, completion=completion))
            self._answers[digest] = completion
            self.found.usage += completion.spent
        return self._answers[digest]

    def _read(self) -> Performance:
        found = Performance(self._kept.read(), {}, Usage())
        expected = {self._subject.toolset.name: self._subject.toolset.digest}
        for demonstration in found.demonstrations:
            trajectory = demonstration.trajectory
            if trajectory.model != self._endpoint.model or dict(trajectory.toolsets) != expected:
                raise TrainingError(
                    f"{self._kept.path}: {demonstration.id} is of another teacher or of other tools; name another file",
                    "out",
                )
        for line in self._log.read():
            if isinstance(line, Over):
                found.outcomes[line.query] = line.outcome
            else:
                found.usage += line.completion.spent
                self._answers[line.request] = line.completion
        # The file of trajectories decides: one may have been written just before the end.
        kept = {demonstration.id for demonstration in found.demonstrations}
        found.outcomes = {id: outcome for id, outcome in found.outcomes.items() if outcome != KEPT}
        found.outcomes |= dict.fromkeys(kept, KEPT)
        return found


def answers_file(path: Path) -> Path:
    """Where what the teacher said is kept, of the trajectories at `path`."""
    return path.with_suffix(f".answers{path.suffix}")


def unfit(trajectory: Trajectory, query: Query) -> str | None:
    """Why a trajectory teaches nothing, or what is wrong; None if it is to be kept."""
    if trajectory.outcome != "answered":
        return {
            "failed": "the teacher failed",
            "step_limit": "too many steps",
            "time_limit": "too slow",
            "repeated": "the same calls again and again",
        }.get(trajectory.outcome, trajectory.outcome)
    if any(step.reply.finish == "length" for step in trajectory.steps):
        return "a reply that was cut"
    calls = trajectory.calls
    if not (trajectory.answer or "").strip():
        return "no answer to the user"
    if query.tools and not calls:
        return "no call, where a tool was to be needed"
    if not query.tools and calls:
        return "a call, where no tool was to be needed"
    if len(query.tools) > 1 and len({seen.tool for seen in calls}) == 1:
        return "one tool, where several were to be needed"
    if calls and calls[-1].result.is_error:
        return "the last call failed"
    if any(seen.result.truncated for seen in calls):
        return "a result that had to be cut"
    return None


class _Recorded:
    """The teacher as the agent's model, while it carries out one query."""

    def __init__(
        self,
        query: Query,
        endpoint: Endpoint,
        ask: Callable[[Query, Mapping[str, Any]], Any],
        should_stop: Callable[[], bool],
    ) -> None:
        self.model = endpoint.model
        self.base_url = endpoint.url
        self._query = query
        self._ask = ask
        self._should_stop = should_stop

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        if self._should_stop():
            raise Interrupted
        started = perf_counter()
        try:
            completion: Completion = await self._ask(self._query, {"messages": list(messages), "tools": list(tools)})
        except Refused as error:
            if len(messages) <= _OPENING_MESSAGES:
                raise  # It is not what this conversation has become that the teacher does not take.
            raise ModelError(error.message) from error
        message = completion.message
        return Reply(
            text=message.content,
            calls=tuple(Call(c.id or "", c.function.name, c.function.arguments) for c in message.tool_calls or ()),
            finish=completion.choices[0].finish_reason or "stop",
            usage=completion.spent.model_dump(),
            seconds=perf_counter() - started,
        )
