"""Which arguments of a tool are always copied, as the trajectories show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.server.toy import FILES
from tests.training.world import demonstration
from training.copying import copied_arguments
from training.trajectory import Demonstration

TOOLSETS = {"files": FILES}


def asked_for(paths: Iterator[str] | list[str], written: str | None = None) -> list[Demonstration]:
    """A request for each of them, and a call with that path, or with the one that is `written` in its place."""
    return [
        demonstration(f"d{n}", ("read", f'{{"path":"{written or path}"}}', "x"), task=f"Show me {path}, please.")
        for n, path in enumerate(paths)
    ]


def test_an_argument_that_always_stands_in_the_conversation_is_copied() -> None:
    found = asked_for([f"dir/{n}.txt" for n in range(60)])
    assert copied_arguments(found, TOOLSETS) == {("files", "read"): ("path",)}


def test_one_that_is_often_made_up_is_not_and_a_slip_does_not_matter() -> None:
    names = [f"{n}.txt" for n in range(100)]
    for slips, expected in ((2, ("path",)), (3, ())):
        found = [*asked_for(names[slips:]), *asked_for(names[:slips], written="made-up.txt")]
        assert copied_arguments(found, TOOLSETS) == {("files", "read"): expected}


def test_few_values_prove_nothing() -> None:
    assert copied_arguments(asked_for([f"{n}.txt" for n in range(49)]), TOOLSETS) == {("files", "read"): ()}


def test_results_and_earlier_calls_are_copied_from_too() -> None:
    def listed(n: int) -> Demonstration:
        first, second = ("read", '{"path":"."}', f"[FILE] {n}.md"), ("read", f'{{"path":"{n}.md"}}', "x")
        one = demonstration(f"d{n}", first, second, task="Show me the file that is here.")
        return one if n else one.model_copy(update={"trajectory": replace(one.trajectory, outcome="failed")})

    assert copied_arguments([listed(n) for n in range(60)], TOOLSETS) == {("files", "read"): ("path",)}
