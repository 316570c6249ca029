"""Requests carried out by a cloud teacher: what is kept, and that no answer is paid for twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.training.teacher import (
    COMPLETIONS,
    ENVIRONMENT,
    PID,
    SAY,
    URL,
    ScriptedTeacher,
    completion,
    endpoint,
    notes,
)
from tests.training.world import demonstration
from toolsets import Registry
from toolsets.agent import AgentLimits
from toolsets.registry import PACKAGED
from toolsets.result import ToolResult
from toolsets.sandbox import Backend
from toolsets.trajectory import Call, Observation, Outcome, Reply, Step, Trajectory
from training.errors import Interrupted, TrainingError
from training.steps import steps
from training.teacher.endpoint import Refused
from training.teacher.performing import Performing, answers_file, unfit
from training.teacher.places import Subject, open_place
from training.teacher.queries import Query
from training.trajectory import read_demonstrations, write_demonstrations

QUERIES = [
    Query("one", "utter a word", ("say",), "0/0"),
    Query("two", "number and variables, please", ("pid", "environment"), "0/1"),
    Query("three", "hello there", (), "0/2"),
]
LIMITS = AgentLimits(max_steps=5)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return notes(tmp_path, SAY, PID, ENVIRONMENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trajectories.jsonl"


async def perform(
    subject: Subject,
    path: Path,
    teacher: Any,
    queries: list[Query] = QUERIES,
    should_stop: Callable[[], bool] = lambda: False,
    at_once: int = 1,
) -> Performing:
    with respx.mock:
        respx.post(COMPLETIONS).mock(side_effect=teacher)
        async with httpx.AsyncClient() as client:
            performing = Performing(subject, endpoint(client), path, queries)
            await performing.run(LIMITS, at_once, lambda: None, should_stop)
    return performing


async def test_trajectories_are_what_the_teacher_did_on_the_real_tools(subject: Subject, path: Path) -> None:
    performing = await perform(subject, path, ScriptedTeacher(), at_once=3)
    found = sorted(read_demonstrations(path), key=lambda one: one.id)
    assert found == sorted(performing.found.demonstrations, key=lambda one: one.id)
    assert [(d.id, d.template, d.tool, d.workspace, d.verified) for d in found] == [
        ("one", "one", "say", "0/0", False),
        ("three", "three", None, "0/2", False),
        ("two", "two", "pid", "0/1", False),
    ]
    one, three, two = (demonstration.trajectory for demonstration in found)
    assert {(t.model, t.base_url, t.outcome) for t in (one, two, three)} == {("tutor", URL, "answered")}
    assert [seen.result.text for step in one.steps for seen in step.calls] == ["utter a word"]
    assert [seen.tool for step in two.steps for seen in step.calls] == ["pid", "environment"]
    assert [len(list(steps(t, {"notes": subject.toolset}))) for t in (one, two, three)] == [2, 3, 1]
    assert performing.found.usage.input == 6 * 1000
    assert performing.found.outcomes == dict.fromkeys(("one", "two", "three"), "kept")


@pytest.mark.parametrize("stop_at", range(1, 6))
async def test_no_answer_is_paid_for_twice_wherever_it_was_interrupted(
    subject: Subject, path: Path, stop_at: int
) -> None:
    queries = [Query(f"q{n}", f"utter {n}", ("say",), f"0/{n}") for n in range(3)]
    first, second = ScriptedTeacher(), ScriptedTeacher()
    with pytest.raises(Interrupted):
        await perform(subject, path, first, queries, lambda: len(first.bodies) >= stop_at)
    assert len(first.bodies) == stop_at
    performing = await perform(subject, path, second, queries)
    assert len(first.bodies) + len(second.bodies) == 6
    assert performing.found.usage.output == 6 * 100
    assert [one.id for one in read_demonstrations(path)] == ["q0", "q1", "q2"]
    again = ScriptedTeacher()
    await perform(subject, path, again, queries)
    assert again.bodies == []


async def test_what_was_discarded_is_not_tried_again(subject: Subject, path: Path) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=completion("I would rather not."))

    found = (await perform(subject, path, silent)).found
    assert found.discarded == {"no call, where a tool was to be needed": 2}
    assert [one.id for one in read_demonstrations(path)] == ["three"]
    again = ScriptedTeacher()
    assert (await perform(subject, path, again)).found.discarded == found.discarded
    assert again.bodies == []


async def test_a_teacher_that_fails_ends_the_run_and_the_request_is_carried_out_the_next_time(
    subject: Subject, path: Path
) -> None:
    failing = ScriptedTeacher(before=lambda number: httpx.Response(403) if number == 2 else None)
    with pytest.raises(TrainingError, match="403"):
        await perform(subject, path, failing)
    rest = ScriptedTeacher()
    performing = await perform(subject, path, rest)
    assert len(rest.bodies) == 5
    assert set(performing.found.outcomes.values()) == {"kept"}


async def test_a_conversation_that_is_refused_is_discarded_and_a_first_request_is_an_error(
    subject: Subject, path: Path
) -> None:
    too_long = ScriptedTeacher(before=lambda number: httpx.Response(400) if number == 2 else None)
    assert (await perform(subject, path, too_long)).found.outcomes["one"] == "the teacher failed"
    with pytest.raises(Refused):
        await perform(subject, path.with_name("other.jsonl"), lambda request: httpx.Response(400))


def trajectory(*calls: tuple[str, bool, bool], answer: str = "Done.", outcome: Outcome = "answered") -> Trajectory:
    """Calls of a tool, whether each failed, and whether its result was cut."""
    made = [
        Observation(Call(f"c{n}", tool, "{}"), "notes", tool, ToolResult("text", failed, cut))
        for n, (tool, failed, cut) in enumerate(calls)
    ]
    taken = [Step(Reply(None, (seen.call,)), (seen,)) for seen in made]
    return Trajectory("tutor", URL, {}, (), "", 0.0, outcome, (*taken, Step(Reply(answer))))


GOOD, FAILED, CUT = (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    ("made", "tools", "fault"),
    [
        (trajectory(("say", *GOOD)), ("say",), None),
        (trajectory(("say", *FAILED), ("say", *GOOD)), ("say",), None),
        (trajectory(("pid", *GOOD)), ("say",), None),
        (trajectory(), (), None),
        (trajectory(("say", *GOOD), outcome="step_limit"), ("say",), "too many steps"),
        (trajectory(("say", *GOOD), outcome="repeated"), ("say",), "the same calls again and again"),
        (replace(trajectory(), steps=(Step(Reply("And so", finish="length")),)), (), "a reply that was cut"),
        (trajectory(("say", *GOOD), answer=" "), ("say",), "no answer to the user"),
        (trajectory(), ("say",), "no call, where a tool was to be needed"),
        (trajectory(("say", *GOOD)), (), "a call, where no tool was to be needed"),
        (trajectory(("say", *GOOD)), ("say", "pid"), "one tool, where several were to be needed"),
        (trajectory(("say", *GOOD), ("pid", *FAILED)), ("pid",), "the last call failed"),
        (trajectory(("say", *CUT)), ("say",), "a result that had to be cut"),
    ],
)
def test_trajectories_that_teach_nothing_are_discarded(
    made: Trajectory, tools: tuple[str, ...], fault: str | None
) -> None:
    assert unfit(made, Query("one", "text", tools, "0/0")) == fault


def test_the_trajectories_of_another_teacher_are_refused(subject: Subject, path: Path) -> None:
    write_demonstrations(path, [demonstration("one")])
    with pytest.raises(TrainingError, match=r"one is of another teacher or of other tools; name another file"):
        Performing(subject, endpoint(httpx.AsyncClient()), path, QUERIES)
    assert not answers_file(path).exists()


class TestPlaces:
    """On the servers of the shipped toolsets."""

    @pytest.fixture(autouse=True)
    def cache_folder(self) -> None:
        """The machine's own: the servers are installed there."""

    @staticmethod
    def shipped(name: str, sandbox: Backend) -> Subject:
        registry = Registry.load(PACKAGED)
        return Subject(registry.toolsets[name], registry.manifests[name], sandbox)

    async def test_a_workspace_of_files_is_the_same_for_the_same_seed_and_names_nothing_of_this_machine(
        self, servers: None, sandbox: Backend
    ) -> None:
        async def listed(seed: str) -> tuple[str, str, str]:
            async with open_place(self.shipped("filesystem", sandbox), seed) as place:
                arguments = json.dumps({"path": str(place.root)})
                seen = await place.toolbox.call(Call("1", "directory_tree", arguments))
                refused = await place.toolbox.call(Call("2", "list_directory", '{"path":"/etc"}'))
                assert (seen.result.is_error, refused.result.is_error) == (False, True)
                assert seen.call.arguments == arguments
                return seen.result.text, refused.result.text, place.contents

        first = await listed("0/1")
        assert await listed("0/1") == first != await listed("0/2")
        assert not any("dualtune-" in text for text in first)
        assert " bytes)" in first[2]

    async def test_a_service_is_its_stand_in(self, servers: None, sandbox: Backend) -> None:
        async with open_place(self.shipped("notion", sandbox), "0/1") as place:
            found = await place.toolbox.call(Call("1", "API-post-search", '{"page_size":3}'))
        assert (found.result.is_error, place.root) == (False, None)
        assert json.loads(found.result.text)["object"] == "list"

    async def test_another_server_gets_an_empty_repository_under_a_name_that_is_always_the_same(
        self, servers: None, sandbox: Backend
    ) -> None:
        async with open_place(self.shipped("git", sandbox), "0/1") as place:
            status = await place.toolbox.call(Call("1", "git_status", json.dumps({"repo_path": str(place.root)})))
        assert (status.result.is_error, str(place.root)) == (False, "/home/user/workspace")
