"""The TestSet: demonstrations of the offline teacher, as tasks."""

from __future__ import annotations

from collections import Counter

import pytest

from evaluation.errors import EvaluationError
from evaluation.tasks.gates import flaw
from evaluation.tasks.testset import make
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend, backend
from training.offline.bank import read_bank
from training.offline.generate import Source, generate
from training.split import Split
from training.trajectory import Demonstration

REGISTRY = Registry.load(PACKAGED)


@pytest.fixture(scope="module")
def sandbox(programs: None) -> Backend:
    """The quickest; the servers' own tests use the strongest."""
    return backend("bubblewrap")


@pytest.fixture(scope="module")
async def demonstrations(servers: None, sandbox: Backend) -> list[Demonstration]:
    toolset, manifest = REGISTRY.toolsets["filesystem"], REGISTRY.manifests["filesystem"]
    source = Source(toolset, manifest, sandbox, read_bank("filesystem"))
    return [demonstration async for demonstration in generate(source, 14, 3, made=(), dropped=Counter())]


def split(test: list[str]) -> Split:
    return Split(seed=0, train=(), validation=(), test=tuple(test), unused=())


async def test_demonstrations_become_tasks_in_the_state_that_they_found(
    demonstrations: list[Demonstration], sandbox: Backend
) -> None:
    wanted = {demonstration.id: demonstration for demonstration in demonstrations[8:]}
    dropped: Counter[str] = Counter()
    tasks = await make(demonstrations, split(list(wanted)), REGISTRY, sandbox, dropped=dropped)
    assert len(tasks) + dropped.total() == len(wanted)
    assert len(tasks) >= len(wanted) * 3 // 4, dropped
    for task in tasks:
        made_of = wanted[task.id.replace("-testset-", "-offline-")].trajectory
        assert [*(task.opening or ()), {"role": "user", "content": task.query}] == [*made_of.opening]
        assert len(task.reference) <= sum(len(step.calls) for step in made_of.steps)
    assert await flaw(tasks[-1], REGISTRY, sandbox) is None


async def test_demonstrations_of_another_teacher_are_refused(
    demonstrations: list[Demonstration], sandbox: Backend
) -> None:
    other = demonstrations[0].model_copy(update={"id": "something-else"})
    with pytest.raises(EvaluationError, match="something-else is not of the offline teacher"):
        await make([other], split([other.id]), REGISTRY, sandbox)
