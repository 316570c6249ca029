"""The exact judge: each requirement is looked up in the raw results and in what was left in the workspace or service.

    coverage = satisfied requirements / requirements            (DualTune, appendix D)
    score    = 10 x coverage, rounded to an integer, .5 upwards

What the model says is no evidence, nor is the order of calls, nor are calls too many. What was changed that
nobody asked for is told apart, as collateral.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from posixpath import dirname

from evaluation.judge.evidence import Evidence
from evaluation.tasks import (
    Content,
    Field,
    Folder,
    Gone,
    Listed,
    Moved,
    NoCall,
    Requirement,
    Says,
    Task,
    Told,
    Written,
)
from evaluation.tasks.facts import Facts, facts
from evaluation.tasks.services import SERVICES
from toolsets.trajectory import Observation


@dataclass(frozen=True)
class Verdict:
    """satisfied: for each requirement of the task, in order. said: the share of the answer's texts, None without any.

    coverage is from 0 to 1, score from 0 to 10. collateral: paths that changed although the task does not name them.
    """

    satisfied: tuple[bool, ...]
    coverage: float
    score: int
    collateral: tuple[str, ...] = ()
    said: float | None = None


def judge(task: Task, evidence: Evidence) -> Verdict:
    """Decide every requirement of `task`."""
    seen = _Seen(evidence.trajectory.calls, evidence)
    satisfied = tuple(seen.satisfies(requirement) for requirement in task.requirements)
    essential = [
        met for met, requirement in zip(satisfied, task.requirements, strict=True) if not isinstance(requirement, Says)
    ]
    said = [met for met, requirement in zip(satisfied, task.requirements, strict=True) if isinstance(requirement, Says)]
    coverage = sum(essential) / len(essential) if essential else 0.0
    return Verdict(
        satisfied=satisfied,
        coverage=coverage,
        score=to_score(coverage),
        collateral=_collateral(task.requirements, evidence),
        said=sum(said) / len(said) if said else None,
    )


def to_score(coverage: float) -> int:
    """From 0 to 10; a coverage of exactly .x5 goes up, as the paper has it."""
    return floor(coverage * 10 + 0.5 + 1e-9)


class _Seen:
    """All that a run brought to light."""

    def __init__(self, calls: Sequence[Observation], evidence: Evidence) -> None:
        self._shown = [(_facts(seen, evidence), seen) for seen in calls]
        self._evidence = evidence

    def satisfies(self, requirement: Requirement) -> bool:
        changes, left = self._evidence.changes, self._evidence.left
        match requirement:
            case Written(path=path, text=text):
                there = left.get(path)
                return there is not None and there.text is not None and there.text.rstrip("\r\n") == text.rstrip("\r\n")
            case Moved(source=source, destination=destination):
                return (source, destination) in changes.moved
            case Folder(path=path):
                return path in changes.created and left[path].kind == "folder"
            case Gone(path=path):
                return path in changes.deleted or any(source == path for source, _ in changes.moved)
            case NoCall():
                return self._evidence.trajectory.outcome == "answered" and not self._shown
            case Says(text=text):
                return text.casefold() in (self._evidence.trajectory.answer or "").casefold()
            case _:
                return any(_shows(requirement, known, seen) for known, seen in self._shown)


def _facts(seen: Observation, evidence: Evidence) -> Facts:
    if seen.result.is_error:
        return Facts()
    service = SERVICES.get(seen.toolset or "")
    return service.facts(seen, evidence.names) if service else facts(seen, evidence.root)


def _shows(requirement: Requirement, known: Facts, seen: Observation) -> bool:
    match requirement:
        case Listed(path=path):
            return path in known.listed
        case Content(path=path, text=text):
            return path in known.texts and text in known.texts[path]
        case Field(path=path, field=name, value=value):
            return known.fields.get((path, name)) == value
        case Told(tool=tool, text=text):
            return seen.tool == tool and not seen.result.is_error and text in seen.result.text
        case _:
            return False


def _collateral(requirements: Sequence[Requirement], evidence: Evidence) -> tuple[str, ...]:
    """What changed, less what a requirement names, the folders above it, which may have to be made for it, and what was
    in a folder that had to go."""
    allowed: set[str] = set()
    gone = tuple(f"{requirement.path}/" for requirement in requirements if isinstance(requirement, Gone))
    for requirement in requirements:
        match requirement:
            case Written(path=path) | Folder(path=path) | Gone(path=path):
                paths = [path]
            case Moved(source=source, destination=destination):
                paths = [source, destination]
            case _:
                continue
        for path in paths:
            while path:
                allowed.add(path)
                path = dirname(path)
    return tuple(sorted(path for path in evidence.touched - allowed if not path.startswith(gone)))
