"""The TestSet: demonstrations of the offline teacher, as tasks."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from evaluation.errors import EvaluationError
from evaluation.judge.evidence import Evidence, Left
from evaluation.surroundings import surroundings
from evaluation.tasks import (
    SHIPPED,
    Content,
    Gone,
    Listed,
    NoCall,
    Requirement,
    Task,
    Told,
    Written,
    digest,
    read_tasks,
)
from evaluation.tasks.gates import flaw, perform
from evaluation.tasks.services import Record
from evaluation.tasks.testset import make, services
from evaluation.workspaces import Diff
from tests.training.world import demonstration
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.result import ToolResult
from toolsets.sandbox import Backend, backend
from toolsets.trajectory import Call, Observation, Reply, Step, Trajectory
from training.offline.bank import read_bank
from training.offline.generate import Source, generate
from training.phrasings import read_templates
from training.split import Split
from training.trajectory import OFFLINE, Demonstration

REGISTRY = Registry.load(PACKAGED)


@pytest.fixture(scope="module")
def sandbox(programs: None) -> Backend:
    """The quickest; the servers' own tests use the strongest."""
    return backend("bubblewrap")


@pytest.fixture(scope="module")
async def demonstrations(servers: None, sandbox: Backend) -> list[Demonstration]:
    toolset, manifest = REGISTRY.toolsets["filesystem"], REGISTRY.manifests["filesystem"]
    source = Source(toolset, manifest, sandbox, read_bank("filesystem"))
    return [each async for each in generate(source, 14, 3, made=(), dropped=Counter())]


def split(test: list[str]) -> Split:
    return Split(seed=0, train=(), validation=(), test=tuple(test), unused=())


async def test_demonstrations_become_tasks_in_the_state_that_they_found(
    demonstrations: list[Demonstration], sandbox: Backend
) -> None:
    wanted = {each.id: each for each in demonstrations[8:]}
    dropped: Counter[str] = Counter()
    tasks = await make("filesystem", demonstrations, split(list(wanted)), REGISTRY, sandbox, dropped=dropped)
    assert len(tasks) + dropped.total() == len(wanted)
    assert len(tasks) >= len(wanted) * 3 // 4, dropped
    for task in tasks:
        made_of = wanted[task.id.replace("-testset-", "-offline-")].trajectory
        assert [*(task.opening or ()), {"role": "user", "content": task.query}] == [*made_of.opening]
        assert len(task.reference) <= sum(len(step.calls) for step in made_of.steps)
    assert await flaw(tasks[-1], REGISTRY, sandbox) is None


@pytest.mark.parametrize("toolset", ["filesystem", "notion"])
async def test_demonstrations_of_another_teacher_are_refused(toolset: str, sandbox: Backend) -> None:
    other = demonstration("something-else", toolset=REGISTRY.toolsets[toolset])
    with pytest.raises(EvaluationError, match="something-else is not of the offline teacher"):
        await make(toolset, [other], split([other.id]), REGISTRY, sandbox)


async def test_a_toolset_whose_work_leaves_nothing_to_judge_is_refused(sandbox: Backend) -> None:
    with pytest.raises(EvaluationError, match="there are testsets of: filesystem, notion, monday"):
        await make("time", [], split([]), REGISTRY, sandbox)


# On services


SHIPPED_TASKS = {toolset: read_tasks(f"{toolset}-testset") for toolset in ("notion", "monday")}


@pytest.mark.parametrize("toolset", SHIPPED_TASKS)
def test_the_shipped_tasks_on_a_service_are_fifty_evenly_of_its_tools_and_of_none(toolset: str) -> None:
    tasks = SHIPPED_TASKS[toolset]
    first = Counter(task.reference[0].tool if task.reference else None for task in tasks)
    assert first == dict.fromkeys((None, *(tool.name for tool in REGISTRY.toolsets[toolset].tools)), 5)
    assert len({(task.query, task.ground.setting) for task in tasks}) == 50
    assert len(read_templates(SHIPPED / f"{toolset}-testset.jsonl")) >= 40
    assert [task.id for task in tasks if (task.requirements == (NoCall(),)) != (not task.reference)] == []
    assert json.loads((SHIPPED / "digests.json").read_text())[f"{toolset}-testset.jsonl"] == digest(tasks)


@pytest.mark.parametrize("toolset", SHIPPED_TASKS)
def test_a_shipped_task_finds_the_service_that_its_setting_makes(toolset: str) -> None:
    task = SHIPPED_TASKS[toolset][0]
    with surroundings(toolset, task) as around:  # which refuses another
        assert around.before != Record()
    elsewhere = task.model_copy(update={"ground": task.ground.model_copy(update={"setting": "1/999"})})
    with pytest.raises(EvaluationError, match="no longer the one"), surroundings(toolset, elsewhere):
        pass


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize("toolset", SHIPPED_TASKS)
async def test_a_shipped_task_is_made_again_and_replaces_one_that_comes_out_otherwise(
    toolset: str, sandbox: Backend
) -> None:
    shipped = max(SHIPPED_TASKS[toolset], key=effort)
    good = demonstrated(shipped, (await perform(shipped, REGISTRY, sandbox)).trajectory)
    entry = json.loads(good.model_dump_json()) | {"id": f"{toolset}-offline-1-9999999"}
    entry["trajectory"]["steps"][0]["calls"][0]["result"]["text"] += " and more"
    sides = Split(seed=0, train=(), validation=(), test=(entry["id"],), unused=(good.id,))
    dropped: Counter[str] = Counter()
    both = [good, Demonstration.model_validate(entry)]
    assert await make(toolset, both, sides, REGISTRY, sandbox, dropped=dropped) == (shipped,)
    assert dropped == {"its results are others where nothing was done before": 1}


def demonstrated(task: Task, reference: Trajectory) -> Demonstration:
    """The demonstration that a task on a service was made of, from its reference plan carried out."""
    id, template = task.source.removesuffix(")").split(" (")
    opening = (*(task.opening or ()), {"role": "user", "content": task.query})
    return Demonstration(
        id=id,
        template=template,
        tool=task.reference[0].tool,
        workspace=f"{task.toolset}/{task.ground.setting}",
        verified=True,
        trajectory=replace(reference, model=OFFLINE, opening=opening, started=task.ground.now.isoformat()),
    )


def effort(task: Task) -> tuple[bool, int]:
    """First those that change something; then those with the most calls, or the longest conversation before them."""
    return task.changes_workspace, len(task.reference) + len(task.opening or ())


def called(tool: str, answer: str | dict[str, Any], **given: Any) -> Observation:
    """A call to a tool of monday.com's."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return Observation(Call("1", tool, json.dumps(given)), "monday", tool, ToolResult(text))


def required(
    *made: Observation, said: str = "", changes: Diff | None = None, left: dict[str, Left] | None = None
) -> list[Requirement]:
    """Of calls on a board with a group and two items."""
    steps = tuple(Step(Reply(None), (seen,)) for seen in made)
    trajectory = Trajectory("reference", "", {}, (), "", 0.0, "answered", steps)
    names = {"11": "Garden", "11:later": "Garden/groups/Later", "21": "Garden/Dig", "22": "Garden/Plant"}
    evidence = Evidence(trajectory, "/x", changes or Diff(), left or {}, names)
    return list(services._required("monday", evidence, said))


def test_what_only_finds_what_a_later_call_is_given_is_not_required() -> None:
    calls = (
        called("search", {"data": [{"id": "21"}]}, searchTerm="dig"),
        called("move_item_to_group", "Item 21 moved", itemId=21, groupId="later"),
    )
    changes, left = Diff(changed={"Garden/Dig/group": ("text",)}), {"Garden/Dig/group": Left("file", "Later")}
    moved = Written(path="Garden/Dig/group", text="Later")
    assert required(*calls, said="Move the digging to later", changes=changes, left=left) == [moved]
    found = Listed(path="Garden/Dig")
    assert required(*calls, said="Find it, and move 21", changes=changes, left=left) == [found, moved]


def test_fields_are_required_where_they_were_asked_for() -> None:
    page = {
        "items": [{"id": "21", "group": {"title": "Now"}, "column_values": {"status": "Done"}}, {"id": "22"}],
    }
    listed = [Listed(path="Garden/Dig"), Listed(path="Garden/Plant")]
    fields = [Content(path="Garden/Dig/group", text="Now"), Content(path="Garden/Dig/status", text="Done")]
    assert required(called("get_board_items_page", page)) == listed
    assert required(called("get_board_items_page", page, includeColumns=True)) == [*listed, *fields]


def test_an_answer_without_objects_is_required_as_it_stands_but_an_empty_list_is_not() -> None:
    folder = '{"data": [{"id": "5", "title": "Projects"}]}'
    assert required(called("search", {"data": []}), called("search", folder)) == [Told(tool="search", text=folder)]


def test_of_what_is_gone_only_the_topmost_is_required() -> None:
    trashed = Diff(deleted=("Garden/Dig", "Garden/Dig/group", "Garden/Digging"))
    assert required(changes=trashed) == [Gone(path="Garden/Dig"), Gone(path="Garden/Digging")]
