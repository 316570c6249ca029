"""What every task that is made of a demonstration has, whatever it works on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evaluation.errors import EvaluationError
from evaluation.tasks.task import CallMade, Ground, NoCall, Task
from training.phrasings import source
from training.trajectory import Demonstration


def drafted(demonstration: Demonstration, toolset: str, ground: Ground) -> Task:
    """The task, as if it asked for no tool."""
    opening = demonstration.trajectory.opening
    query = str(opening[-1]["content"])
    return Task(
        id=demonstration.id.replace("-offline-", "-testset-"),
        toolset=toolset,
        benchmark="testset",
        source=source(demonstration),
        ground=ground,
        description=query,
        query=query,
        opening=tuple(dict(message) for message in opening[:-1]),
        reference=tuple(
            CallMade(tool=seen.call.name, arguments=json.loads(seen.call.arguments))
            for seen in demonstration.trajectory.calls
            if not seen.result.is_error
        ),
        requirements=(NoCall(),),
    )


def calls_before(demonstration: Demonstration) -> Iterator[CallMade]:
    """The calls of the conversation's earlier turns."""
    for message in demonstration.trajectory.opening:
        for call in message.get("tool_calls") or ():
            made = call["function"]
            yield CallMade(tool=made["name"], arguments=json.loads(made["arguments"]))


def not_offline(demonstration: Demonstration) -> EvaluationError:
    """What a demonstration is refused with whose beginning does not follow from a seed."""
    problem = "what it worked on cannot be made again"
    return EvaluationError(f"{demonstration.id} is not of the offline teacher: {problem}", "id")
