"""Where a run went wrong, how sure its stages were, and its judge-free figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from evaluation.judge import Evidence, Left
from evaluation.judge.measures import Measures, canonical, measure
from evaluation.judge.stages import Decision, blame, decisions, stopped
from evaluation.tasks import CallMade, Content, Ground, Listed, NoCall, Requirement, Says, Task, Written
from evaluation.workspaces import Diff
from toolsets import Tool
from toolsets.result import ToolResult
from toolsets.trajectory import Call, Observation, Outcome, Reply, Step, Trajectory

ROOT = "/home/ada/work"
GROUND = Ground(spec="home-small-1", root=ROOT, now=datetime(2024, 1, 1, tzinfo=UTC), snapshot="")


def task(*requirements: Requirement, plan: tuple[CallMade, ...]) -> Task:
    return Task(
        id="t", toolset="filesystem", benchmark="mcpbench", source="hand", ground=GROUND,
        description="d", query="q", reference=plan, requirements=requirements,
    )  # fmt: skip


FIND_AND_READ = task(
    Listed(path="a.txt"),
    Content(path="a.txt", text="one"),
    Says(text="one"),
    plan=(
        CallMade(tool="list_directory", arguments={"path": "."}),
        CallMade(tool="read_text_file", arguments={"path": "a.txt"}),
    ),
)
CHAT = task(NoCall(), plan=())


def step(
    tool: str | None, text: str = "", /, *, route: str | None = None, select: str | None = None, **args: Any
) -> Step:
    stages = [{"stage": "route", "choice": route, "confidence": 0.9}] if route else []
    stages += [{"stage": "select", "choice": select, "confidence": 0.6}] if select else []
    if tool is None:
        return Step(Reply(text, stages=tuple(stages), usage={"prompt_tokens": 7, "completion_tokens": 2}))
    toolset, _, name = tool.rpartition("/")
    call = Call("1", name, json.dumps(args))
    result = ToolResult(text, is_error=text.startswith("ENOENT"))
    return Step(Reply(None, (call,), stages=tuple(stages)), (Observation(call, toolset or "filesystem", name, result),))


def run(*steps: Step, outcome: Outcome = "answered") -> Evidence:
    return Evidence(Trajectory("m", "u", {}, (), "2024", 1.5, outcome, steps), ROOT)


LIST = step("list_directory", "[FILE] a.txt", path=ROOT)
READ = step("read_text_file", "one", path=f"{ROOT}/a.txt")
END = step(None, "It says one.")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param((LIST, READ, END), None, id="all went well"),
        pytest.param((READ, LIST, LIST, END), None, id="another way"),
        pytest.param((END,), "stop", id="nothing was done"),
        pytest.param((LIST, END), "stop", id="too early"),
        pytest.param((step(None, "Hm.", route="none"),), "route", id="no toolset"),
        pytest.param((LIST, step("notion/search", "x", q="a")), "route", id="another toolset"),
        pytest.param((LIST, step("write_file", "ok", path="b", content="")), "select", id="another tool"),
        pytest.param((LIST, step("read_text_file", "ENOENT", path="/b")), "arguments", id="another file"),
        pytest.param(
            (step("list_directory", "[FILE] b", path="sub"), READ, END), "arguments", id="the first is to blame"
        ),
    ],
)
def test_the_first_step_that_brought_nothing_is_to_blame(steps: tuple[Step, ...], expected: str | None) -> None:
    assert blame(FIND_AND_READ, run(*steps)) == expected


def test_a_model_that_gave_no_answer_is_no_fault_of_a_stage() -> None:
    assert blame(FIND_AND_READ, run(LIST, outcome="failed")) == "model"


def test_a_conversation_that_outgrew_the_context_is_the_runs_own_end() -> None:
    over = run(LIST, outcome="failed")
    over = replace(over, trajectory=replace(over.trajectory, error="Error code: 400 - 'context_length_exceeded'"))
    assert (over.is_overflow, over.is_unanswered) == (True, False)
    assert blame(FIND_AND_READ, over) == "context"
    assert (run(LIST, outcome="failed").is_unanswered, run(LIST).is_unanswered) == (True, False)


def test_a_run_that_helped_with_every_step_and_never_ended_has_not_stopped_well() -> None:
    assert blame(FIND_AND_READ, run(LIST, outcome="step_limit")) == "stop"
    assert blame(CHAT, run(LIST, END)) == "stop"
    assert blame(CHAT, run(END)) is None


def test_a_step_that_makes_a_change_helps() -> None:
    plan = (CallMade(tool="write_file", arguments={"path": "b", "content": "x"}),)
    wanted = task(Written(path="b", text="x"), Written(path="c", text="y"), plan=plan)
    write = step("write_file", "ok", path="b", content="x")
    done = replace(run(write, END), changes=Diff(created=("b",)), left={"b": Left("file", "x")})
    assert blame(wanted, done) == "stop"
    assert blame(wanted, run(write, END)) == "arguments"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param((LIST, READ, END), True, id="once all was done"),
        pytest.param((READ, LIST, LIST, END), False, id="one step later"),
        pytest.param((LIST, READ), False, id="not by itself"),
        pytest.param((LIST, END), None, id="before"),
    ],
)
def test_a_model_stops_when_all_is_done_or_does_not(steps: tuple[Step, ...], expected: bool | None) -> None:
    assert stopped(FIND_AND_READ, run(*steps)) is expected


def test_where_nothing_is_to_be_done_nothing_is_to_be_stopped() -> None:
    assert stopped(CHAT, run(END)) is None


def test_choices_are_right_while_something_is_missing_and_to_end_is_right_then() -> None:
    steps = (
        replace(LIST, reply=step(None, route="filesystem", select="list_directory").reply),
        replace(READ, reply=step(None, route="notion", select="read_text_file").reply),
        step(None, "x", route="filesystem", select="summarize"),
        step(None, "x", route="none"),
    )
    assert list(decisions(FIND_AND_READ, run(*steps))) == [
        Decision("route", 0.9, True),
        Decision("select", 0.6, True),
        Decision("route", 0.9, False),
        Decision("select", 0.6, True),
        Decision("route", 0.9, False),
        Decision("select", 0.6, True),
        Decision("route", 0.9, True),
    ]
    assert list(decisions(FIND_AND_READ, run(step(None, "x", select="summarize")))) == [Decision("select", 0.6, False)]


def test_figures_compare_a_run_with_the_reference_plan() -> None:
    tools = {
        "list_directory": Tool("list_directory", parameters={"type": "object", "required": ["path"]}),
        "read_text_file": Tool(
            "read_text_file", parameters={"type": "object", "properties": {"head": {"type": "integer"}}}
        ),
    }
    bad = step("read_text_file", "ENOENT", path="b", head="x")
    assert measure(FIND_AND_READ, run(LIST, bad, READ, END), tools) == Measures(
        tools_right=2 / 3,
        arguments_right=1.0,
        first_toolset_right=True,
        first_tool_right=True,
        valid=2 / 3,
        succeeded=2 / 3,
        calls=3,
        steps=4,
        prompt_tokens=7,
        completion_tokens=2,
        seconds=1.5,
    )
    assert measure(CHAT, run(END), tools) == Measures(1.0, None, True, True, None, None, 0, 1, 7, 2, 1.5)
    assert measure(FIND_AND_READ, run(END), tools) == Measures(0.0, 0.0, False, False, None, None, 0, 1, 7, 2, 1.5)


def test_routing_is_judged_by_the_stage_that_does_it_whatever_was_called() -> None:
    def right(task: Task, *steps: Step) -> bool:
        return measure(task, run(*steps), {}).first_toolset_right

    ended = step(None, "Done.", route="filesystem")
    assert (right(FIND_AND_READ, ended), right(FIND_AND_READ, END)) == (True, False)
    assert (right(CHAT, ended), right(CHAT, END)) == (False, True)
    silent = replace(LIST, reply=replace(LIST.reply, stages=()))
    assert (right(FIND_AND_READ, silent), right(CHAT, silent)) == (True, False)


def test_arguments_are_the_same_however_paths_and_members_are_written() -> None:
    one = {"path": f"{ROOT}/a/", "head": 3}
    assert canonical(one, ROOT) == canonical({"head": 3, "path": "./a"}, ROOT) != canonical({"path": "b"}, ROOT)
    nested, turned = {"edits": [{"oldText": "a", "newText": "b"}]}, {"edits": [{"newText": "b", "oldText": "a"}]}
    assert canonical(nested, ROOT) == canonical(turned, ROOT)
    assert canonical({"paths": ["a", "/etc"]}, ROOT) == canonical({"paths": [f"{ROOT}/a", "/etc"]}, ROOT)
