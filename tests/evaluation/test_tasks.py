"""Tasks: the files, the facts that results show, the shipped tasks, and how they are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import EvaluationError
from evaluation.judge import judge
from evaluation.tasks import SHIPPED, Task, digest, mcpbench, read_tasks, write_tasks
from evaluation.tasks.facts import Facts, facts, relative, rounded
from evaluation.tasks.gates import flaw, flaw_in, perform
from evaluation.tasks.ground import frozen, lay_out, write_out
from evaluation.tasks.scenarios import SCENARIOS
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.result import ToolResult
from toolsets.sandbox import Backend, backend
from toolsets.trajectory import Call, Observation

ROOT = "/home/ada/work"
TASKS = read_tasks("filesystem-mcpbench")
SHIPPED_TASKS = {toolset: read_tasks(f"{toolset}-mcpbench") for toolset in SCENARIOS}


@pytest.fixture(scope="module")
def sandbox(programs: None) -> Backend:
    """The quickest; the servers' own tests use the strongest."""
    return backend("bubblewrap")


def seen(tool: str, text: str, /, *, is_error: bool = False, truncated: bool = False, **arguments: Any) -> Observation:
    call = Call("1", tool, json.dumps(arguments))
    return Observation(call, "filesystem", tool, ToolResult(text, is_error, truncated))


@pytest.mark.parametrize("toolset", SHIPPED_TASKS)
def test_the_shipped_tasks_are_fifty_from_every_scenario_in_more_than_one_wording(toolset: str) -> None:
    tasks, scenarios = SHIPPED_TASKS[toolset], SCENARIOS[toolset]
    every = [f"{scenario.__name__}/{variant}" for variant in range(3) for scenario in scenarios]
    assert [task.source for task in tasks] == every[:50]
    assert 25 >= len(scenarios) >= 12
    assert len({task.query for task in tasks}) == len({task.ground.spec for task in tasks}) == 50
    assert json.loads((SHIPPED / "digests.json").read_text())[f"{toolset}-mcpbench.jsonl"] == digest(tasks)


@pytest.mark.parametrize("toolset", SHIPPED_TASKS)
def test_a_fuzzed_query_names_no_tool_and_its_reference_is_a_chain(toolset: str) -> None:
    tools = {tool.name for tool in Registry.load(PACKAGED).toolsets[toolset].tools}
    for task in SHIPPED_TASKS[toolset]:
        assert not [tool for tool in tools if tool in task.query], task.id
        assert [tool for tool in tools if tool in task.description], task.id
        assert 2 <= len({call.tool for call in task.reference}) <= 5, task.id
        assert {call.tool for call in task.reference} <= tools, task.id


@pytest.mark.parametrize("toolset", ["notion", "monday"])
def test_tasks_on_a_service_use_all_of_its_tools_and_half_of_them_change_it(toolset: str) -> None:
    tasks = SHIPPED_TASKS[toolset]
    tools = {tool.name for tool in Registry.load(PACKAGED).toolsets[toolset].tools}
    assert {call.tool for task in tasks for call in task.reference} == tools
    assert 20 <= sum(task.changes_workspace for task in tasks) <= 30
    assert all(task.ground.final for task in tasks)
    assert len({task.description for task in tasks}) == 50


def test_the_same_code_draws_the_shipped_tasks_again() -> None:
    for toolset in ("notion", "monday"):
        kept, scenario = SHIPPED_TASKS[toolset][4], SCENARIOS[toolset][4]
        drawn = next(task for seed in range(400) if (task := mcpbench._drawn(toolset, 5, scenario, 0, seed)))
        final = {"final": kept.ground.final}
        assert drawn.model_copy(update={"ground": drawn.ground.model_copy(update=final)}) == kept


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize("number", [8, 16, 19, 24])
async def test_shipped_tasks_pass_the_gates_on_the_real_server(number: int, sandbox: Backend) -> None:
    assert await flaw(TASKS[number], Registry.load(PACKAGED), sandbox) is None


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize(("toolset", "number"), [("notion", 18), ("monday", 17)])
async def test_tasks_on_a_service_pass_the_gates_on_the_real_server(
    toolset: str, number: int, sandbox: Backend
) -> None:
    registry, task = Registry.load(PACKAGED), SHIPPED_TASKS[toolset][number]
    evidence = await perform(task, registry, sandbox)
    assert flaw_in(task, evidence, registry) is None
    assert judge(task, evidence).coverage == 1.0
    other = task.model_copy(update={"ground": task.ground.model_copy(update={"final": "0" * 64})})
    assert flaw_in(other, evidence, registry) == "the reference plan ends in another state than the task's"
    told = task.model_copy(update={"query": f"{task.query} Use {task.reference[0].tool}."})
    assert flaw_in(told, evidence, registry) == f"the fuzzed query names the tool {task.reference[0].tool}"


@pytest.mark.usefixtures("servers")
async def test_the_gates_name_what_a_reference_plan_misses_or_breaks(sandbox: Backend) -> None:
    registry, task = Registry.load(PACKAGED), TASKS[7]
    short = task.model_copy(update={"reference": task.reference[:1]})
    assert "the reference plan misses" in str(await flaw(short, registry, sandbox))
    careless = task.model_copy(update={"reference": (*task.reference, *TASKS[17].reference[1:])})
    assert "the reference plan fails" in str(await flaw(careless, registry, sandbox))
    wider = {"tool": "write_file", "arguments": {"path": "oops.txt", "content": "x"}}
    messy = Task.model_validate(task.model_dump() | {"reference": [*task.model_dump()["reference"], wider]})
    assert await flaw(messy, registry, sandbox) == "the reference plan also changes oops.txt"


@pytest.mark.usefixtures("servers")
async def test_the_same_task_gives_the_same_results_wherever_its_workspace_is(sandbox: Backend) -> None:
    registry, task = Registry.load(PACKAGED), TASKS[33]
    first, second = [await perform(task, registry, sandbox) for _ in range(2)]
    texts = [[seen.result.text for step in run.trajectory.steps for seen in step.calls] for run in (first, second)]
    assert texts[0] == texts[1]
    assert judge(task, first) == judge(task, second)
    assert not any("/tmp/" in text for text in texts[0])


def test_tasks_are_read_as_they_were_written_and_changed_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    write_tasks(path, TASKS[:3])
    assert read_tasks(path) == TASKS[:3]
    path.write_text(path.read_text().replace("csv files", "CSV files"))
    with pytest.raises(EvaluationError, match=r"is not what digests\.json beside it says"):
        read_tasks(path)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{}", "few.jsonl:1: id: Field required; make the tasks again"),
        ("nonsense", "few.jsonl:1: file: Invalid JSON"),
    ],
)
def test_a_line_that_is_no_task_is_named(line: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "few.jsonl").write_text(line)
    with pytest.raises(EvaluationError, match=problem):
        read_tasks(tmp_path / "few.jsonl")


def test_tasks_that_are_not_there_are_named_with_those_that_are() -> None:
    with pytest.raises(EvaluationError, match=r"name a file, or one of: .*filesystem-mcpbench"):
        read_tasks("filesystem-nothing")


def test_a_workspace_that_is_no_longer_the_tasks_own_is_refused(tmp_path: Path) -> None:
    ground = TASKS[0].ground.model_copy(update={"snapshot": "0" * 64})
    with pytest.raises(EvaluationError, match="no longer the one that the task was made for"):
        lay_out(ground, tmp_path / "workspace")


def test_a_changed_workspace_is_frozen_and_laid_out_again(tmp_path: Path) -> None:
    ground = next(task.ground for task in TASKS if task.ground.spec.startswith("home"))
    root = tmp_path / "first"
    made = write_out(ground, root)
    first, second, third, *_ = made.paths("file")
    (root / first).rename(root / "moved.bin")
    (root / second).write_bytes(b"\xff\0")
    (root / third).unlink()
    (root / "neu").mkdir()
    (root / "neu" / "grüße.txt").write_text("hallo")
    kept = frozen(ground, root)
    lay_out(kept, tmp_path / "second")  # and its state is what `kept` says, or this would raise
    assert (tmp_path / "second" / "neu" / "grüße.txt").read_text() == "hallo"
    assert (tmp_path / "second" / second).read_bytes() == b"\xff\0"
    assert not (tmp_path / "second" / first).exists()
    assert not (tmp_path / "second" / third).exists()
    assert next(placed for placed in kept.placed if placed.path == "moved.bin").copy_of == first


# What results show


def test_listings_trees_and_searches_show_the_same_paths() -> None:
    listing = seen("list_directory", "[DIR] b c\n[FILE] x.txt", path=f"{ROOT}/a")
    tree = json.dumps([{"name": "b c", "type": "directory", "children": []}, {"name": "x.txt", "type": "file"}])
    search = seen("search_files", f"{ROOT}/a/b c\n{ROOT}/a/x.txt", path=ROOT, pattern="**")
    sized = seen(
        "list_directory_with_sizes", "[DIR] b c                   \n[FILE] x.txt      12 B\n\nTotal", path="a/"
    )
    expected = frozenset({"a/b c", "a/x.txt"})
    assert facts(listing, ROOT) == Facts(expected)
    assert facts(seen("directory_tree", tree, path="./a"), ROOT) == Facts(expected)
    assert facts(search, ROOT) == Facts(expected)
    assert facts(sized, ROOT) == Facts(expected, {("a/x.txt", "rounded size"): "12 B", ("a/x.txt", "size"): "12"})


def test_metadata_show_a_rounded_size_too() -> None:
    info = seen("get_file_info", "size: 1147\nmodified: Sun\nisFile: true\npermissions: 644", path="n.txt")
    assert facts(info, ROOT).fields == {
        ("n.txt", "size"): "1147",
        ("n.txt", "modified"): "Sun",
        ("n.txt", "permissions"): "644",
        ("n.txt", "rounded size"): "1.12 KB",
    }


def test_the_parts_of_a_read_of_several_files_are_told_apart() -> None:
    text = "a.txt:\none\n---\nb.txt:\nnot a part\n\n---\ngone.txt: Error - ENOENT\n---\nb.txt:\ntwo\n"
    shown = facts(seen("read_multiple_files", text, paths=["a.txt", "gone.txt", "b.txt"]), ROOT).texts
    assert shown == {"a.txt": "one\n---\nb.txt:\nnot a part\n", "b.txt": "two\n"}


def test_errors_and_what_is_cut_off_show_nothing() -> None:
    assert facts(seen("read_text_file", "ENOENT", is_error=True, path="a"), ROOT) == Facts()
    cut = seen(
        "list_directory", "[FILE] a\n[FILE] bcd\n[truncated: the first 17 of 40 characters]", truncated=True, path="."
    )
    assert facts(cut, ROOT).listed == {"a"}
    tree = seen("directory_tree", '[{"name": "a", "type": "file"},\n[truncated: ...]', truncated=True, path=".")
    assert facts(tree, ROOT) == Facts()


@pytest.mark.parametrize("arguments", ["", "[]", "{", '{"path": 3}', '{"path": "/etc/passwd"}', '{"path": "../x"}'])
def test_calls_outside_the_workspace_and_nonsense_show_nothing(arguments: str) -> None:
    call = Observation(Call("1", "read_text_file", arguments), "filesystem", "read_text_file", ToolResult("secret"))
    assert facts(call, ROOT) == Facts()


def test_paths_are_the_same_however_they_are_written() -> None:
    assert {relative(p, ROOT) for p in ("a/b", "./a/b/", f"{ROOT}/a/b", f"{ROOT}/x/../a//b", "a/./b")} == {"a/b"}
    assert {relative(p, ROOT) for p in (".", "", ROOT, f"{ROOT}/", "a/..")} == {".", None}
    assert {relative(p, ROOT) for p in ("/home/ada/workbench/x", "/", None, 3)} == {None}


@given(st.integers(0, 10**13))
def test_sizes_are_rounded_to_three_places_and_a_unit(size: int) -> None:
    number, unit = rounded(size).split()
    scale = 1024 ** ("B", "KB", "MB", "GB", "TB").index(unit)
    assert abs(float(number) * scale - size) <= 0.005001 * scale
    assert float(number) <= 1024
