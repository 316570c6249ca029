"""Testsets of the filesystem: each task in the very state of the workspace in which it was demonstrated.

The offline teacher acts many requests out in one workspace, one after the other. To come to the state that a request
found, those before it are acted out again; what is there then is frozen into the task.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from evaluation.judge.evidence import Evidence
from evaluation.surroundings import WORKSPACE
from evaluation.tasks.facts import facts
from evaluation.tasks.gates import flaw, perform
from evaluation.tasks.ground import frozen, translated
from evaluation.tasks.task import (
    Content,
    Field,
    Folder,
    Gone,
    Ground,
    Listed,
    Moved,
    Requirement,
    Task,
    Told,
    Written,
)
from evaluation.tasks.testset.drafts import calls_before, drafted, not_offline
from toolsets import Registry
from toolsets.sandbox import Backend
from toolsets.session import Session
from toolsets.trajectory import Observation
from training.offline.filesystem.ground import open_ground
from training.offline.generate import ROUND
from training.split import Split
from training.trajectory import OFFLINE, Demonstration


async def make(
    demonstrations: Sequence[Demonstration],
    split: Split,
    registry: Registry,
    backend: Backend,
    count: int,
    lost: Counter[str],
) -> list[Task]:
    """At most `count` tasks. lost: counts why others are left out."""
    by_id = {demonstration.id: demonstration for demonstration in demonstrations}
    rounds = _rounds(demonstrations)
    tasks: list[Task] = []
    for ids in (split.test, split.unused):
        wanted = {id for id in ids if by_id[id].toolsets == (WORKSPACE,)}
        if len(tasks) >= count:
            break
        for seed, together in rounds.items():
            if not wanted.isdisjoint(demonstration.id for demonstration in together):
                tasks += await _of_round(seed, together, wanted, registry, backend, lost)
            if len(tasks) >= count:
                break
    return tasks[:count]


def _rounds(demonstrations: Iterable[Demonstration]) -> dict[str, list[Demonstration]]:
    """The demonstrations that were made in one workspace, in their order, by its seed."""
    rounds: dict[str, list[Demonstration]] = defaultdict(list)
    for demonstration in sorted(demonstrations, key=lambda demonstration: demonstration.id):
        parts = demonstration.id.split("-")
        if demonstration.trajectory.model != OFFLINE or len(parts) != 4 or not parts[3].isdigit():
            raise not_offline(demonstration)
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
    toolset, manifest = registry.toolsets[WORKSPACE], registry.manifests[WORKSPACE]
    async with open_ground(toolset, manifest, backend, seed, os.environ) as (ground, room):
        real = ground.disguise.real
        for demonstration in together:
            for made in calls_before(demonstration):
                await _again(room.session, made.tool, translated(json.dumps(made.arguments), ground.disguise))
            if demonstration.id in wanted:
                start = Ground(spec=str(ground.spec), root=ground.root, now=ground.disguise.now, snapshot="")
                task = await _task(demonstration, frozen(start, real), registry, backend, lost)
                tasks += [task] if task else []
            for seen in demonstration.trajectory.calls:
                await _again(room.session, seen.call.name, translated(seen.call.arguments, ground.disguise))
    return tasks


async def _again(session: Session, name: str, arguments: str) -> None:
    await session.call(name, json.loads(arguments))


async def _task(
    demonstration: Demonstration, ground: Ground, registry: Registry, backend: Backend, lost: Counter[str]
) -> Task | None:
    """The task, None where it is not worth asking; `lost` counts why."""
    draft, shown = drafted(demonstration, WORKSPACE, ground), demonstration.trajectory.calls
    if not shown:
        return draft
    evidence = await perform(draft, registry, backend)
    again = evidence.trajectory.calls
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
