"""The whole of it: a teacher's trajectories, and from them adapters, in one folder that a run goes on in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from adapters import BaseModelId
from server.settings import Settings
from toolsets import Toolset
from toolsets.manifest import Manifest
from toolsets.sandbox import best_backend
from training.demonstrations import demonstrate, source_of
from training.display import Display
from training.errors import TrainingError
from training.examples import Target
from training.fit import Fit
from training.job import Base, Job
from training.offline.generate import Source
from training.phrasings import templates_digest
from training.run import Origin, RunFolder, RunManifest, Taught, Teaching
from training.settings import Hyperparameters
from training.setup import read_trajectories
from training.split import read_split
from training.teacher.performing import LIMITS
from training.teacher.places import Subject
from training.teacher.stages import Teacher, ask, perform
from training.trajectory import OFFLINE, write_demonstrations


@dataclass(frozen=True)
class Plan:
    """What a run is to do. `teacher` is None for the offline teacher; `count` are requests for each tool.

    `held_out` are templates never to train on. `queries` is where a cloud teacher's answers are kept; by default, in
    the run's folder.
    """

    toolset: Toolset
    manifest: Manifest
    teacher: Teacher | None
    count: int
    seed: int
    targets: Sequence[Target]
    base: Base
    hyperparameters: Hyperparameters
    folder: Path
    cache_bytes: int
    test_tasks: int
    held_out: frozenset[str] = frozenset()
    queries: Path | None = None


class Pipeline:
    """One run, shown on `display`. A stage whose work is in the folder is passed over."""

    def __init__(self, plan: Plan, settings: Settings, display: Display, should_stop: Callable[[], bool]) -> None:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise TrainingError(
                "the stages before `fit` are for one process; run `dualtune train trajectories` or `demonstrations`, "
                "and then `accelerate launch` with `train fit`",
                "processes",
            )
        self._plan = plan
        self._settings = settings
        self._display = display
        self._should_stop = should_stop
        self._folder = RunFolder(plan.folder)

    def run(self) -> RunManifest:
        """Trajectories, then adapters. Raises TrainingError, ToolsetError, and Interrupted with all on disk."""
        plan = self._plan
        teacher = plan.teacher
        origin = Origin(
            base_model=BaseModelId(name=plan.base.model.name, digest=plan.base.model.digest),
            toolsets={plan.toolset.name: plan.toolset.digest},
            trajectories={},
            hyperparameters=plan.hyperparameters,
            held_out=templates_digest(plan.held_out),
        )
        teaching = Teaching(
            teacher=teacher.model if teacher else OFFLINE,
            url=teacher.url if teacher else None,
            count=plan.count,
            seed=plan.seed,
        )
        # Whether it can be taught at all is known before the folder is there.
        teach = (
            partial(self._teach_online, teacher)
            if teacher
            else partial(self._teach_offline, source_of(plan.toolset, plan.manifest))
        )
        self._manifest = self._folder.begin(origin, teaching)
        if self._manifest.taught is None:
            self._manifest.taught = teach()
            self._folder.write(self._manifest)
        return self._fit()

    def _teach_offline(self, source: Source) -> Taught:
        plan = self._plan
        count = plan.count * len(plan.toolset.tools)
        with self._timed("trajectories"):
            found, _, dropped = demonstrate(
                source, self._folder.trajectories, count, plan.seed, self._display, self._should_stop
            )
        return Taught(trajectories=len(found), trajectories_discarded=dict(dropped.most_common()))

    def _teach_online(self, teacher: Teacher) -> Taught:
        plan, display, should_stop = self._plan, self._display, self._should_stop
        subject = Subject(plan.toolset, plan.manifest, best_backend())
        queries = plan.queries or self._folder.queries
        with self._timed("queries"):
            harvest = ask(subject, teacher, queries, plan.count, plan.seed, display, should_stop).harvest
        with self._timed("trajectories"):
            trajectories = self._folder.trajectories
            found = perform(subject, teacher, queries, trajectories, LIMITS, display, should_stop).found
        usage = harvest.usage + found.usage
        return Taught(
            queries=dict(harvest.counts()),
            queries_discarded=dict(harvest.discarded.most_common()),
            trajectories=len(found.demonstrations),
            trajectories_discarded=dict(found.discarded.most_common()),
            input_tokens=usage.input,
            output_tokens=usage.output,
            cost=teacher.price.of(usage) if teacher.price else None,
        )

    def _fit(self) -> RunManifest:
        plan = self._plan
        found = read_trajectories([self._folder.trajectories], self._settings)
        job = Job(
            demonstrations=found.demonstrations,
            trajectories=found.digests,
            toolsets=found.toolsets,
            targets=plan.targets,
            base=plan.base,
            hyperparameters=plan.hyperparameters,
            folder=plan.folder,
            cache_bytes=plan.cache_bytes,
            test_tasks=plan.test_tasks,
            held_out=plan.held_out,
        )
        manifest = Fit(job, self._display, self._should_stop).run()
        sides = read_split(self._folder.split, (demonstration.id for demonstration in found.demonstrations))
        held_out = set(sides.test)
        write_demonstrations(self._folder.test, (one for one in found.demonstrations if one.id in held_out))
        return manifest

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        """Add to what the stage has taken, also if it is interrupted."""
        started = monotonic()
        try:
            yield
        finally:
            seconds = self._manifest.seconds
            seconds[stage] = seconds.get(stage, 0.0) + monotonic() - started
            self._folder.write(self._manifest)
