"""The TestSet (DualTune, section 4.1.1): demonstrations that were held out of training, as tasks.

What a request asks for is read off the results that its demonstrated calls give and the changes that they make, once
more, on what the task begins with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evaluation.errors import EvaluationError
from evaluation.surroundings import WORKSPACE
from evaluation.tasks.services import SERVICES
from evaluation.tasks.task import Task
from evaluation.tasks.testset import services, workspaces
from toolsets import Registry
from toolsets.sandbox import Backend
from training.split import TEST_TASKS, Split
from training.trajectory import Demonstration


async def make(
    toolset: str,
    demonstrations: Sequence[Demonstration],
    split: Split,
    registry: Registry,
    backend: Backend,
    *,
    count: int = TEST_TASKS,
    dropped: Counter[str] | None = None,
) -> tuple[Task, ...]:
    """At most `count` tasks: of the split's test side and, where some of these come to nothing, of its unused ones.

    dropped: counts why. Raises EvaluationError for demonstrations that no offline teacher made, and for a toolset
    whose work leaves nothing that could be judged.
    """
    if toolset != WORKSPACE and toolset not in SERVICES:
        known = ", ".join((WORKSPACE, *SERVICES))
        raise EvaluationError(f"what {toolset} leaves cannot be judged; there are testsets of: {known}", "toolset")
    lost = Counter[str]() if dropped is None else dropped
    if toolset == WORKSPACE:
        tasks = await workspaces.make(demonstrations, split, registry, backend, count, lost)
    else:
        tasks = await services.make(toolset, demonstrations, split, registry, backend, count, lost)
    return tuple(sorted(tasks, key=lambda task: task.id))
