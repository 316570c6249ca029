"""Testsets of the toolsets that work with a service: each task on a service of its own, as its setting's was at first.

The offline teacher acts many requests out on one service, one after the other. A demonstration makes a task if it comes
out the same where none of the others were before it: nothing but the identifiers and the times that the service makes
up may differ. What the user said before is carried out as well, and has to have changed nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from evaluation.judge.evidence import Evidence
from evaluation.surroundings import stand_in
from evaluation.tasks.facts import arguments_of
from evaluation.tasks.gates import flaw_in, perform
from evaluation.tasks.ground import topmost
from evaluation.tasks.services import SERVICES, fingerprint
from evaluation.tasks.services.record import as_json
from evaluation.tasks.task import Content, Folder, Gone, Ground, Listed, Requirement, Task, Told, Written
from evaluation.tasks.testset.drafts import calls_before, drafted, not_offline
from evaluation.workspaces import Spec
from evaluation.workspaces.world import ascii_only
from toolsets import Registry
from toolsets.sandbox import Backend
from toolsets.trajectory import Message, Observation
from training.offline.services import invented
from training.split import Split
from training.trajectory import OFFLINE, Demonstration

_FINDING = frozenset({"API-post-search", "API-query-data-source", "search", "get_board_items_page"})
"""Tools that are asked which objects there are; the fields that stand beside them were not asked for."""
_LISTS = ("results", "items", "data", "updates")
_UUID = r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}"
_TIME = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
_MADE_UP = re.compile(rf"{_UUID}|{_TIME}|\b\d{{10}}\b")


async def make(
    toolset: str,
    demonstrations: Sequence[Demonstration],
    split: Split,
    registry: Registry,
    backend: Backend,
    count: int,
    lost: Counter[str],
) -> list[Task]:
    """At most `count` tasks. What comes to nothing is replaced by another of the same tool, so that they stay even."""
    by_id = {demonstration.id: demonstration for demonstration in demonstrations}
    wanted = [by_id[id] for id in split.test if by_id[id].toolsets == (toolset,)]
    spare = [by_id[id] for id in split.unused if by_id[id].toolsets == (toolset,)]
    tasks: list[Task] = []
    for first in wanted[:count]:
        others = [other for other in spare if other.tool == first.tool]
        for tried in (first, *sorted(others, key=lambda other: other.template != first.template)):
            if tried is not first:
                spare.remove(tried)
            if task := await _task(toolset, tried, registry, backend, lost):
                tasks.append(task)
                break
    return tasks


async def _task(
    toolset: str, demonstration: Demonstration, registry: Registry, backend: Backend, lost: Counter[str]
) -> Task | None:
    """The task, None where it is not worth asking; `lost` counts why."""
    draft = drafted(demonstration, toolset, _ground(toolset, demonstration))
    before, opening = tuple(calls_before(demonstration)), draft.opening or ()
    whole = await perform(draft.model_copy(update={"reference": (*before, *draft.reference)}), registry, backend)
    seen = whole.trajectory.calls
    told = [str(message["content"]) for message in opening if message["role"] == "tool"]
    told += [seen.result.text for seen in demonstration.trajectory.calls]
    if [_lasting(seen.result.text) for seen in seen] != [_lasting(text) for text in told]:
        lost["its results are others where nothing was done before"] += 1
        return None
    earlier, steps = seen[: len(before)], whole.trajectory.steps[len(before) :]
    if any(True for each in earlier for _ in SERVICES[toolset].changed(each, whole.names)):
        lost["something was changed earlier in the conversation"] += 1
        return None
    evidence = replace(whole, trajectory=replace(whole.trajectory, steps=steps))
    said = "\n".join(str(message["content"]) for message in demonstration.trajectory.opening)
    found = tuple(dict.fromkeys(_required(toolset, evidence, said)))
    if draft.reference and not found:
        lost["nothing is required"] += 1
        return None
    task = draft.model_copy(
        update={
            "ground": draft.ground.model_copy(update={"final": evidence.ending}),
            "opening": tuple(_retold(opening, earlier)),
            "requirements": found or draft.requirements,
        }
    )
    if problem := flaw_in(task, evidence, registry):
        lost[problem.partition(":")[0]] += 1
        return None
    return task


def _ground(toolset: str, demonstration: Demonstration) -> Ground:
    setting = (demonstration.workspace or "").removeprefix(f"{toolset}/")
    if demonstration.trajectory.model != OFFLINE or not re.fullmatch(r"\d+/\d+", setting):
        raise not_offline(demonstration)
    world, number = invented(toolset, setting)
    spec = str(Spec("office", "small", number))  # for the other toolsets that may be offered beside it
    return Ground(
        spec=spec,
        root=f"/home/{ascii_only(world.owner.first).lower()}/work",
        now=datetime.fromisoformat(demonstration.trajectory.started),
        snapshot=fingerprint(stand_in(toolset, spec, setting).snapshot()),
        setting=setting,
    )


def _lasting(text: str) -> str:
    """A result without the identifiers and times in it."""
    return _MADE_UP.sub("", text)


def _retold(opening: Iterable[Message], calls: Iterable[Observation]) -> Iterator[Message]:
    """The conversation with these results of its calls."""
    results = iter(calls)
    for message in opening:
        yield {**message, "content": next(results).result.text} if message["role"] == "tool" else message


def _required(toolset: str, evidence: Evidence, said: str) -> Iterator[Requirement]:
    """What was shown, unless it was only a means to a later call, and what was changed. said: all that was before."""
    calls = evidence.trajectory.calls
    for number, seen in enumerate(calls, 1):
        if any(True for _ in SERVICES[toolset].changed(seen, evidence.names)):
            continue
        given = {name for later in calls[number:] for name in _identifiers(arguments_of(later.call), evidence)}
        if not any(name in seen.result.text and name not in said for name in given):
            yield from _shown(toolset, seen, evidence)
    for path in topmost(evidence.changes.deleted):
        yield Gone(path=path)
    for path, left in sorted(evidence.left.items()):
        yield Folder(path=path) if left.text is None else Written(path=path, text=left.text)


def _identifiers(value: Any, evidence: Evidence) -> Iterator[str]:
    """Those of the service's objects that stand in the arguments of a call."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _identifiers(each, evidence)
    elif any(str(value) in name.split(":") for name in evidence.names):
        yield str(value)


def _shown(toolset: str, seen: Observation, evidence: Evidence) -> Iterator[Requirement]:
    known, answer = SERVICES[toolset].facts(seen, evidence.names), as_json(seen)
    wants_fields = seen.tool not in _FINDING or (arguments_of(seen.call) or {}).get("includeColumns")
    texts = known.texts if wants_fields else {}
    objects = {*known.listed, *known.texts} & {*evidence.names.values()}
    yield from (Listed(path=path) for path in sorted(objects - texts.keys()))
    yield from (Content(path=path, text=text) for path, text in texts.items())
    is_empty = isinstance(answer, dict) and any(answer.get(name) == [] for name in _LISTS)
    if not objects and not is_empty:
        yield Told(tool=seen.call.name, text=seen.result.text)
