"""Trajectories as the server would have them."""

from __future__ import annotations

import pytest

from server.conversation import Call, Message
from tests.server.toy import FILES, PATH, READ, READ_ALL, SEND
from tests.training.world import demonstration, read
from toolsets import Tool, Toolset
from training.errors import TrainingError
from training.steps import Decision, Step, Summary, steps

OPENING = (Message("system", "Help."), Message("user", "Look into a.txt"))
TOOLSETS = {"files": FILES}


def turns(id: str, name: str, arguments: str, result: str) -> tuple[Message, Message]:
    call = Call(id, name, arguments)
    return Message("assistant", "", calls=(call,)), Message("tool", result, call_id=id, name=name)


def test_each_call_is_a_step_after_those_before_it_and_the_answer_is_the_last() -> None:
    trajectory = demonstration("one", read("a.txt", "A"), ("read_all", "{}", "B")).trajectory
    first = turns("call_0_0", "read", '{"path":"a.txt"}', "A")
    assert list(steps(trajectory, TOOLSETS)) == [
        Step(OPENING, Decision("files", READ, '{"path":"a.txt"}')),
        Step((*OPENING, *first), Decision("files", READ_ALL, "{}")),
        Step((*OPENING, *first, *turns("call_1_0", "read_all", "{}", "B")), None, Summary("files", "Done.")),
    ]


def test_calls_made_at_once_are_learnt_one_after_the_other() -> None:
    at_once = demonstration("one", [read("a", "A"), read("b", "B")]).trajectory
    in_turn = demonstration("one", read("a", "A"), read("b", "B")).trajectory

    def known(trajectory: object) -> list[tuple[list[tuple[str, str]], Decision | None]]:
        found = steps(trajectory, TOOLSETS)  # type: ignore[arg-type]
        return [([(m.role, m.content) for m in step.messages], step.decision) for step in found]

    assert known(at_once) == known(in_turn)


def test_arguments_are_canonical_in_history_as_well() -> None:
    trajectory = demonstration("one", ("read", '{ "path" : "\\u00e4" }', "A")).trajectory
    decided, answered = steps(trajectory, TOOLSETS)
    assert decided.decision == Decision("files", READ, '{"path":"ä"}')
    assert answered.messages[2].calls[0].arguments == '{"path":"ä"}'


@pytest.mark.parametrize("call", [("read", '{"file": "a"}'), ("read", "{"), ("delete", "{}")])
def test_a_call_that_is_not_valid_is_seen_as_it_was_but_not_learnt(call: tuple[str, str]) -> None:
    trajectory = demonstration("one", (*call, "no"), read("a", "A")).trajectory
    right, end = steps(trajectory, TOOLSETS)
    assert right == Step((*OPENING, *turns("call_0_0", *call, "no")), Decision("files", READ, '{"path":"a"}'))
    assert end.decision is None
    assert end.summary == Summary("files", "Done.")


def test_an_answer_without_a_tool_before_it_sums_nothing_up() -> None:
    (answered,) = steps(demonstration("one").trajectory, TOOLSETS)
    assert answered == Step(OPENING, None)


def test_a_run_that_did_not_end_with_an_answer_teaches_no_end() -> None:
    trajectory = demonstration("one", read("a"), outcome="step_limit").trajectory
    assert [step.decision for step in steps(trajectory, TOOLSETS)] == [Decision("files", READ, '{"path":"a"}')]


def test_tools_that_have_changed_since_are_refused() -> None:
    changed = Toolset("files", "", (Tool("read", "", {**PATH, "required": []}), READ_ALL))
    with pytest.raises(TrainingError, match="made with other tools of files than there are now"):
        list(steps(demonstration("one", read("a")).trajectory, {"files": changed}))


def test_a_toolset_that_there_is_not_is_named() -> None:
    with pytest.raises(TrainingError, match="the toolset 'files'"):
        list(steps(demonstration("one").trajectory, {"mail": Toolset("mail", "", (SEND,))}))
