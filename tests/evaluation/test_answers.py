"""What is told at the end of a demonstration, and whether it is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.errors import EvaluationError
from evaluation.judge.grounding import facts, grounded, known
from evaluation.requests.answering import answered, figures, tell
from toolsets.chat import ModelError
from toolsets.result import ToolResult
from toolsets.trajectory import Call, Message, Observation, Reply, Step, Trajectory
from training.trajectory import Demonstration, write_demonstrations


def demonstration(said: str, *results: str, toolset: str = "files") -> Demonstration:
    calls = [
        Observation(Call(f"c{n}", "read", json.dumps({"path": f"a{n}.txt"})), toolset, "read", ToolResult(result))
        for n, result in enumerate(results)
    ]
    steps = [Step(Reply(None, (seen.call,), "tool_calls"), (seen,)) for seen in calls]
    trajectory = Trajectory(
        model="offline",
        base_url="",
        toolsets={toolset: "0"},
        opening=({"role": "user", "content": "Read b/c.md of 2024"},),
        started="",
        seconds=0.0,
        outcome="answered",
        steps=(*steps, Step(Reply(said, (), "stop"), ())),
    )
    return Demonstration(id=said[:40] or "x", template="t", trajectory=trajectory)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In b/c.md: 3 lines, see `a.txt`.", ["b/c.md", "3", "a.txt"]),
        ("Nothing is there.", []),
        ("1. one\n2. two\n2 lines.", ["2"]),
        ("(19.30 euros), .env!", ["19.30"]),
    ],
)
def test_facts_are_numbers_and_paths_and_names_with_a_dot(text: str, found: list[str]) -> None:
    assert facts(text) == found


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("b/c.md has 12 pages of a0.txt from 2024.", 1.0),
        ("It has 13 pages, not 12.", 0.5),
        ("It is done.", None),
    ],
)
def test_an_answer_is_grounded_in_what_was_asked_called_and_returned(said: str, share: float | None) -> None:
    assert grounded(demonstration(said, "12 pages").trajectory) == share


def test_without_a_call_nothing_is_grounded() -> None:
    assert grounded(demonstration("It is 2024.").trajectory) is None
    assert known([], [{"role": "user", "content": "2024"}]) is None


class Scripted:
    """Says what it is given for the last result, or calls once more."""

    model = "scripted"
    base_url = ""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        assert messages[-1]["role"] == "tool"
        said = self._said.get(messages[-1]["content"])
        return Reply(said, () if said else (Call("c", "read", "{}"),), "stop")


async def test_replies_are_held_against_what_the_demonstrations_say() -> None:
    given = [demonstration(f"a0.txt has {n} lines.", str(n)) for n in (11, 12, 13)]
    told = await tell(Scripted({"11": "a0.txt has 11 lines.", "12": "It has 99."}), (), given, 2, lambda: None)
    assert [one.exact for one in told] == [True, False, False]
    assert [one.reply for one in told] == ["a0.txt has 11 lines.", "It has 99.", None]
    third = pytest.approx(1 / 3)
    assert figures(told) == {"ended": pytest.approx(2 / 3), "exact": third, "told": third, "grounded": 0.5}


def test_only_what_ends_after_a_tool_of_the_toolset_is_told() -> None:
    after, silent, other = (
        demonstration("Done.", "1"),
        demonstration("Hello."),
        demonstration("No.", "1", toolset="git"),
    )
    assert answered([after, silent, other], "files") == [after]
    with pytest.raises(EvaluationError, match="what the tools of memory returned"):
        answered([after, silent, other], "memory")


async def test_a_model_that_is_silent_is_an_error_that_names_the_endpoint() -> None:
    class Silent(Scripted):
        async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
            raise ModelError("no one is there")

    with pytest.raises(EvaluationError, match="no one is there"):
        await tell(Silent({}), (), [demonstration("Done.", "1")], 1, lambda: None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nosuch.jsonl"], "nosuch.jsonl"),
        (["silent.jsonl"], "no demonstration ends with"),
        (["silent.jsonl", "--toolset", "nosuch"], "there is no toolset 'nosuch'"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_demonstrations(tmp_path / "silent.jsonl", [demonstration("Hello.")])
    result = CliRunner().invoke(app, ["answers", *arguments])
    assert result.exit_code == 1
    assert says in result.output.replace("\n", " ")
    assert "Traceback" not in result.output
