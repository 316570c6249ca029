"""Tasks in the manner of MCP-Bench, made without a model: scenarios over seeded worlds, each past the gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from itertools import count, islice
from random import Random
from typing import get_args

from evaluation.errors import EvaluationError
from evaluation.surroundings import WORKSPACE, stand_in
from evaluation.tasks import services
from evaluation.tasks.gates import flaw_in, perform
from evaluation.tasks.ground import fingerprint, room, write_out
from evaluation.tasks.scenarios import SCENARIOS, Scenario, Unfit, filesystem, monday, notion
from evaluation.tasks.scenarios.drawing import Drawing
from evaluation.tasks.task import Ground, Requirement, Task, Told
from evaluation.workspaces import Shape, Spec, build, make_world
from evaluation.workspaces.world import World, ascii_only
from toolsets import Registry
from toolsets.sandbox import Backend

COUNT = 50
_TRIES = 400
_FLAWED = 3
"""Worlds on which a scenario may fail the gates: names that a pattern takes for a pattern, say."""


async def make(toolset: str, registry: Registry, backend: Backend, report: Callable[[str], None]) -> tuple[Task, ...]:
    """`COUNT` tasks of a toolset: every scenario in one wording after the other, each on a world of its own.

    The same code makes the same tasks. Raises EvaluationError where a scenario fits no world or keeps failing, and for
    a toolset without scenarios.
    """
    if toolset not in SCENARIOS:
        raise EvaluationError(f"there are no scenarios for {toolset}; there are for: {', '.join(SCENARIOS)}", "toolset")
    tasks: list[Task] = []
    every = ((variant, scenario) for variant in count() for scenario in SCENARIOS[toolset])
    for number, (variant, scenario) in enumerate(islice(every, COUNT), 1):
        tasks.append(await _made(toolset, number, scenario, variant, tasks, registry, backend, report))
        report(f"{len(tasks)} tasks: {tasks[-1].id}, {len(tasks[-1].requirements)} requirements")
    return tuple(tasks)


async def _made(
    toolset: str,
    number: int,
    scenario: Scenario,
    variant: int,
    others: list[Task],
    registry: Registry,
    backend: Backend,
    report: Callable[[str], None],
) -> Task:
    """The first task that the scenario makes of a world and that passes the gates."""
    name, flawed = scenario.__name__, 0
    for seed in range(_TRIES):
        drawn = _drawn(toolset, number, scenario, variant, seed)
        if drawn is None or any(drawn.query == other.query for other in others):
            continue
        evidence = await perform(drawn, registry, backend)
        if toolset != WORKSPACE:
            drawn = drawn.model_copy(update={"ground": drawn.ground.model_copy(update={"final": evidence.ending})})
        problem = flaw_in(drawn, evidence, registry)
        if problem is None:
            return drawn
        report(f"{drawn.id} on {drawn.ground.spec}: {problem}")
        if (flawed := flawed + 1) > _FLAWED:
            raise EvaluationError(f"the scenario {name} is not sound: {problem}")
    raise EvaluationError(f"the scenario {name} fits none of {_TRIES} worlds; make it less particular")


def _drawn(toolset: str, number: int, scenario: Scenario, variant: int, seed: int) -> Task | None:
    """The task that a scenario makes of one world, None where it makes none."""
    name = scenario.__name__
    random = Random(f"{name}/{variant}/{seed}")
    shapes: tuple[Shape, ...] = get_args(Shape)
    # Apart from the seeds of training, which go up to 2^30.
    spec = Spec(random.choice(shapes), "small", (1 << 31) + random.randrange(1 << 30))
    try:
        desk, world = _desk(toolset, spec, random, variant)
        draft = scenario(desk)
    except Unfit:
        return None
    user = ascii_only(world.owner.first).lower()
    root = f"/home/{user}/{random.choice(('files', 'work', 'workspace', 'data'))}"
    ground = Ground(spec=str(spec), root=root, now=datetime.combine(world.today, time(23, 30), UTC), snapshot="")
    return Task(
        id=f"{toolset}-mcpbench-{number:02}-{name.replace('_', '-')}",
        toolset=toolset,
        benchmark="mcpbench",
        source=f"{name}/{variant}",
        ground=ground.model_copy(update={"snapshot": _snapshot(toolset, ground)}),
        description=draft.description,
        query=draft.query,
        reference=draft.plan,
        requirements=tuple(_placed(draft.requirements, root)),
    )


def _desk(toolset: str, spec: Spec, random: Random, variant: int) -> tuple[Drawing, World]:
    if toolset == WORKSPACE:
        workspace = build(spec)
        return filesystem.Desk(workspace, random, variant), workspace.world
    desk = {"notion": notion.Desk, "monday": monday.Desk}[toolset]
    return desk(stand_in(toolset, str(spec)), random, variant), make_world(Random(str(spec)))


def _snapshot(toolset: str, ground: Ground) -> str:
    """The fingerprint of what is there before the task."""
    if toolset != WORKSPACE:
        return services.fingerprint(stand_in(toolset, ground.spec).snapshot())
    with room() as place:
        return fingerprint(write_out(ground, place))


def _placed(requirements: tuple[Requirement, ...], root: str) -> Iterator[Requirement]:
    for requirement in dict.fromkeys(requirements):
        if isinstance(requirement, Told):
            yield requirement.model_copy(update={"text": requirement.text.format(root=root)})
        else:
            yield requirement
