"""Where a run went wrong, by the stage that decided it, and how sure the stages were when they were right.

A step helps if its calls show or change something that a requirement asks for and that was not there before. Of a
failed run the first step that does not help is to blame, and in it the first of

    route       the toolset is not the task's, or no toolset was chosen although something was still missing
    select      the tool is none of the reference plan's
    arguments   the tool is, so it was what it was called with
    stop        the model ended although something was still missing; or every step helped, and it never ended
    context     every step helped until the conversation outgrew the model's context

Exploring in another way than the reference plan counts as a wrong selection only where the run failed in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evaluation.judge.evidence import Evidence
from evaluation.judge.exact import judge
from evaluation.tasks import Folder, Gone, Moved, NoCall, Says, Task, Written
from evaluation.tasks.facts import arguments_of, relative
from evaluation.tasks.services import SERVICES
from server.prompt import NO_TOOLSET, SUMMARIZE
from toolsets.trajectory import Observation, Step

Blame = Literal["route", "select", "arguments", "stop", "context", "model"]


@dataclass(frozen=True)
class Decision:
    """A choice that the server reported with its confidence, from 0 to 1, and whether it was right."""

    stage: Literal["route", "select"]
    confidence: float
    right: bool


def blame(task: Task, evidence: Evidence) -> Blame | None:
    """The stage that a run failed at; `model` where the model gave no answer; None where it did not fail."""
    if judge(task, evidence).coverage == 1.0:
        return None
    steps = evidence.trajectory.steps
    if evidence.is_unanswered or not (steps or evidence.is_overflow):
        return "model"
    planned = {call.tool for call in task.reference}
    for number, step in enumerate(steps):
        if not step.calls:
            return "route" if step.reply.chose("route") == NO_TOOLSET else "stop"
        if len(_met(task, evidence, steps[: number + 1])) > len(_met(task, evidence, steps[:number])):
            continue
        if not planned:
            return "stop"
        if all(seen.toolset != task.toolset for seen in step.calls):
            return "route"
        return "select" if planned.isdisjoint(seen.tool or "" for seen in step.calls) else "arguments"
    return "context" if evidence.is_overflow else "stop"


def stopped(task: Task, evidence: Evidence) -> bool | None:
    """Whether the model ended once all was done; None where nothing was to be done, or it never all was."""
    steps = evidence.trajectory.steps
    if not task.reference:
        return None
    for done in range(1, len(steps) + 1):
        if _is_done(task, evidence, steps[:done]):
            return done < len(steps) and not steps[done].calls
    return None


def decisions(task: Task, evidence: Evidence) -> Iterator[Decision]:
    """Every choice of a stage with its confidence.

    It is right to go on while something is missing, with the task's toolset and a tool of the plan, and to end then.
    """
    planned = {call.tool for call in task.reference}
    steps = evidence.trajectory.steps
    for number, step in enumerate(steps):
        done = not planned or _is_done(task, evidence, steps[:number])
        for report in step.reply.stages:
            choice, confidence = report.get("choice"), report.get("confidence")
            if confidence is None:
                continue
            if report.get("stage") == "route":
                right = done if choice == NO_TOOLSET else choice == task.toolset and not done
                yield Decision("route", confidence, right)
            elif report.get("stage") == "select":
                right = done if choice == SUMMARIZE else choice in planned and not done
                yield Decision("select", confidence, right)


def _is_done(task: Task, evidence: Evidence, steps: Sequence[Step]) -> bool:
    return len(_met(task, evidence, steps)) == len(task.essential)


def _met(task: Task, evidence: Evidence, steps: Sequence[Step]) -> set[int]:
    """The requirements that these first steps satisfied. A change is of the step that named its path and succeeded."""
    begun = replace(evidence.trajectory, steps=tuple(steps), outcome="interrupted")
    shown = replace(evidence, trajectory=begun)
    named = {path for step in steps for seen in step.calls for path in _paths(seen, evidence)}
    met = set()
    for index, (requirement, satisfied) in enumerate(zip(task.requirements, judge(task, shown).satisfied, strict=True)):
        match requirement:
            case Written(path=path) | Folder(path=path) | Gone(path=path) | Moved(destination=path):
                satisfied = satisfied and path in named
            case NoCall() | Says():
                satisfied = False
        if satisfied:
            met.add(index)
    return met


def _paths(seen: Observation, evidence: Evidence) -> Iterator[str]:
    if (service := SERVICES.get(seen.toolset or "")) is not None:
        for changed in service.changed(seen, evidence.names):
            yield from (path for path in evidence.touched if path == changed or path.startswith(f"{changed}/"))
        return
    arguments = arguments_of(seen.call) or {}
    for name in ("path", "source", "destination"):
        path = relative(arguments.get(name), evidence.root)
        if path is not None and not seen.result.is_error:
            yield path
