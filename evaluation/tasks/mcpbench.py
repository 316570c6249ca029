"""Tasks in the manner of MCP-Bench, made without a model: scenarios over seeded workspaces, each past the gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from random import Random
from typing import get_args

from evaluation.errors import EvaluationError
from evaluation.tasks.gates import flaw
from evaluation.tasks.ground import fingerprint, room, write_out
from evaluation.tasks.scenarios import SCENARIOS, Desk, Draft, Unfit
from evaluation.tasks.task import Ground, Requirement, Task, Told
from evaluation.workspaces import Shape, Spec, build
from evaluation.workspaces.world import ascii_only
from toolsets import Registry
from toolsets.sandbox import Backend

TOOLSET = "filesystem"
COUNT = 50
_VARIANTS = 2
_TRIES = 400
_FLAWED = 3
"""Workspaces on which a scenario may fail the gates: names that a pattern takes for a pattern, say."""


async def make(registry: Registry, backend: Backend, report: Callable[[str], None]) -> tuple[Task, ...]:
    """`COUNT` tasks: every scenario in a wording for each of its variants, each on a workspace of its own.

    The same code makes the same tasks. Raises EvaluationError where a scenario fits no workspace or keeps failing.
    """
    tasks: list[Task] = []
    for variant in range(_VARIANTS):
        for number, scenario in enumerate(SCENARIOS):
            name, flawed = scenario.__name__, 0
            for seed in range(_TRIES):
                drawn = _drawn(scenario, number, variant, seed)
                problem = "it is unfit" if drawn is None else await flaw(drawn, registry, backend)
                if drawn is not None and problem is None:
                    tasks.append(drawn)
                    report(f"{len(tasks)} tasks: {drawn.id}, {len(drawn.requirements)} requirements")
                    break
                if drawn is not None:
                    report(f"{drawn.id} on {drawn.ground.spec}: {problem}")
                    if (flawed := flawed + 1) > _FLAWED:
                        raise EvaluationError(f"the scenario {name} is not sound: {problem}")
            else:
                raise EvaluationError(f"the scenario {name} fits none of {_TRIES} workspaces; make it less particular")
    return tuple(tasks)


def _drawn(scenario: Callable[[Desk], Draft], number: int, variant: int, seed: int) -> Task | None:
    """The task that a scenario makes of one workspace, None where it makes none."""
    name = scenario.__name__
    random = Random(f"{name}/{variant}/{seed}")
    shapes: tuple[Shape, ...] = get_args(Shape)
    # Apart from the seeds of training, which go up to 2^30.
    spec = Spec(random.choice(shapes), "small", (1 << 31) + random.randrange(1 << 30))
    workspace = build(spec)
    try:
        draft = scenario(Desk(workspace, random, variant))
    except Unfit:
        return None
    user = ascii_only(workspace.world.owner.first).lower()
    root = f"/home/{user}/{random.choice(('files', 'work', 'workspace', 'data'))}"
    return Task(
        id=f"{TOOLSET}-mcpbench-{variant * len(SCENARIOS) + number + 1:02}-{name.replace('_', '-')}",
        toolset=TOOLSET,
        benchmark="mcpbench",
        source=f"{name}/{variant}",
        ground=_ground(spec, root, datetime.combine(workspace.world.today, time(23, 30), UTC)),
        description=draft.description,
        query=draft.query,
        reference=draft.plan,
        requirements=tuple(_placed(draft.requirements, root)),
    )


def _ground(spec: Spec, root: str, now: datetime) -> Ground:

    ground = Ground(spec=str(spec), root=root, now=now, snapshot="")
    with room() as place:
        made = write_out(ground, place)
    return ground.model_copy(update={"snapshot": fingerprint(made)})


def _placed(requirements: tuple[Requirement, ...], root: str) -> Iterator[Requirement]:
    for requirement in dict.fromkeys(requirements):
        if isinstance(requirement, Told):
            yield requirement.model_copy(update={"text": requirement.text.format(root=root)})
        else:
            yield requirement
