"""The TestSet (DualTune, section 4.1.1): demonstrations that were held out of training, as tasks.

The offline teacher acts many requests out in one workspace, one after the other. To come to the state that a request
found, those before it are acted out again; what is there then is frozen into the task. What the request asks for is
read off the results that its demonstrated calls give and the changes that they make, once more, on the frozen state.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evaluation.errors import EvaluationError
from evaluation.judge.evidence import Evidence
from evaluation.tasks.facts import facts
from evaluation.tasks.gates import flaw, perform
from evaluation.tasks.ground import frozen, translated
from evaluation.tasks.task import (
    CallMade,
    Content,
    Field,
    Folder,
    Gone,
    Ground,
    Listed,
    Moved,
    NoCall,
    Requirement,
    Task,
    Told,
    Written,
)
from toolsets import Registry
from toolsets.sandbox import Backend
from toolsets.session import Session
from toolsets.trajectory import Observation
from training.offline.filesystem.ground import open_ground
from training.offline.generate import ROUND
from training.split import TEST_TASKS, Split
from training.trajectory import OFFLINE, Demonstration

TOOLSET = "filesystem"


async def make(
    demonstrations: Sequence[Demonstration],
    split: Split,
    registry: Registry,
    backend: Backend,
    *,
    count: int = TEST_TASKS,
    dropped: Counter[str] | None = None,
) -> tuple[Task, ...]:
    """At most `count` tasks: of the split's test side and, where some of these come to nothing, of its unused ones.

    dropped: counts why. Raises EvaluationError for demonstrations that no offline teacher made.
    """
    by_id = {demonstration.id: demonstration for demonstration in demonstrations}
    lost = Counter[str]() if dropped is None else dropped
    rounds = _rounds(demonstrations)
    tasks: list[Task] = []
    for ids in (split.test, split.unused):
        wanted = {id for id in ids if by_id[id].toolsets == (TOOLSET,)}
        if len(tasks) >= count:
            break
        for seed, together in rounds.items():
            if not wanted.isdisjoint(demonstration.id for demonstration in together):
                tasks += await _of_round(seed, together, wanted, registry, backend, lost)
            if len(tasks) >= count:
                break
    return tuple(sorted(tasks[:count], key=lambda task: task.id))


def _rounds(demonstrations: Iterable[Demonstration]) -> dict[str, list[Demonstration]]:
    """The demonstrations that were made in one workspace, in their order, by its seed."""
    rounds: dict[str, list[Demonstration]] = defaultdict(list)
    for demonstration in sorted(demonstrations, key=lambda demonstration: demonstration.id):
        parts = demonstration.id.split("-")
        if demonstration.trajectory.model != OFFLINE or len(parts) != 4 or not parts[3].isdigit():
            problem = "its workspace cannot be made again"
            raise EvaluationError(f"{demonstration.id} is not of the offline teacher: {problem}", "id")
        rounds[f"{parts[2]}/{int(parts[3]) // ROUND}"].append(demonstration)
    return rounds


async def _of_round(
    seed: str,
    together: Sequence[Demonstration],
    wanted: set[str],
    registry: Registry,
    backend: Backend,
    lost: Counter[str],
) -> list[Task]:
    tasks: list[Task] = []
    toolset, manifest = registry.toolsets[TOOLSET], registry.manifests[TOOLSET]
    async with open_ground(toolset, manifest, backend, seed, os.environ) as (ground, room):
        real = ground.disguise.real
        for demonstration in together:
            for made in _calls_before(demonstration):
                await _again(room.session, made["name"], translated(made["arguments"], ground.disguise))
            if demonstration.id in wanted:
                start = Ground(spec=str(ground.spec), root=ground.root, now=ground.disguise.now, snapshot="")
                task = await _task(demonstration, frozen(start, real), registry, backend, lost)
                tasks += [task] if task else []
            for step in demonstration.trajectory.steps:
                for seen in step.calls:
                    await _again(room.session, seen.call.name, translated(seen.call.arguments, ground.disguise))
    return tasks


def _calls_before(demonstration: Demonstration) -> Iterator[Mapping[str, str]]:
    """The calls of the conversation's earlier turns."""
    for message in demonstration.trajectory.opening:
        for call in message.get("tool_calls") or ():
            yield call["function"]


async def _again(session: Session, name: str, arguments: str) -> None:
    await session.call(name, json.loads(arguments))


async def _task(
    demonstration: Demonstration, ground: Ground, registry: Registry, backend: Backend, lost: Counter[str]
) -> Task | None:
    """The task, None where it is not worth asking; `lost` counts why."""
    trajectory = demonstration.trajectory
    shown = [seen for step in trajectory.steps for seen in step.calls]
    query = str(trajectory.opening[-1]["content"])
    draft = Task(
        id=demonstration.id.replace("-offline-", "-testset-"),
        toolset=TOOLSET,
        benchmark="testset",
        source=f"{demonstration.id} ({demonstration.template})",
        ground=ground,
        description=query,
        query=query,
        opening=tuple(dict(message) for message in trajectory.opening[:-1]),
        reference=tuple(
            CallMade(tool=seen.call.name, arguments=json.loads(seen.call.arguments))
            for seen in shown
            if not seen.result.is_error
        ),
        requirements=(NoCall(),),
    )
    if not shown:
        return draft
    evidence = await perform(draft, registry, backend)
    again = [seen for step in evidence.trajectory.steps for seen in step.calls]
    before = [seen for seen in shown if not seen.result.is_error]
    if [_comparable(seen, ground.root) for seen in again] != [_comparable(seen, ground.root) for seen in before]:
        lost["its results differ on the frozen workspace"] += 1
        return None
    found = tuple(dict.fromkeys([*_shown(again, ground.root), *_changed(evidence)]))
    if not found:
        lost["nothing is required"] += 1
        return None
    task = draft.model_copy(update={"requirements": found})
    if problem := await flaw(task, registry, backend):
        lost[problem.partition(":")[0]] += 1
        return None
    return task


def _comparable(seen: Observation, root: str) -> list[str]:
    """A result without what differs on a workspace that was made anew, or where paths are given in full."""
    text = seen.result.text.replace(f"{root}/", "")
    return sorted(line for line in text.splitlines() if not line.startswith("modified: "))


def _shown(calls: Iterable[Observation], root: str) -> Iterator[Requirement]:
    for seen in calls:
        known = facts(seen, root)
        yield from (Listed(path=path) for path in sorted(known.listed) if seen.tool != "list_directory_with_sizes")
        for (path, name), value in known.fields.items():
            if (name == "rounded size") == (seen.tool == "list_directory_with_sizes"):
                yield Field.model_validate({"path": path, "field": name, "value": value})
        if seen.tool == "list_directory_with_sizes":
            sized = {path for path, _ in known.fields}
            yield from (Listed(path=path) for path in sorted(known.listed - sized))
        yield from (Content(path=path, text=text) for path, text in known.texts.items())
        if seen.tool == "list_allowed_directories":
            yield Told(tool="list_allowed_directories", text=root)
        elif _is_dry_run(seen) or seen.result.text == "No matches found":
            yield Told(tool=seen.call.name, text=seen.result.text)


def _is_dry_run(seen: Observation) -> bool:
    return seen.tool == "edit_file" and bool(json.loads(seen.call.arguments).get("dryRun"))


def _changed(evidence: Evidence) -> Iterator[Requirement]:
    changes = evidence.changes
    yield from (Moved(source=source, destination=sink) for source, sink in changes.moved)
    yield from (Gone(path=path) for path in changes.deleted)
    for path in sorted({*changes.created, *changes.changed} & evidence.touched):
        left = evidence.left[path]
        if left.kind == "folder":
            yield Folder(path=path)
        elif left.text is not None:
            yield Written(path=path, text=left.text)
