"""What is trained on, validated on and tested on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.toy import FILES, MAIL
from tests.training.world import demonstration
from training.errors import TrainingError
from training.phrasings import read_templates, source
from training.split import Split, read_split, split, write_split
from training.trajectory import Demonstration, write_demonstrations

TOOLS = {"read": FILES, "read_all": FILES, "send": MAIL, None: FILES}


def corpus(sizes: Sequence[tuple[str | None, int]]) -> list[Demonstration]:
    """A template for each pair of a tool and a number of demonstrations."""
    return [
        demonstration(f"{template}-{number}", template=f"t{template}", tool=tool, toolset=TOOLS[tool])
        for template, (tool, count) in enumerate(sizes)
        for number in range(count)
    ]


corpora = st.lists(st.tuples(st.sampled_from(list(TOOLS)), st.integers(1, 5)), max_size=30).map(corpus)


def by_template(ids: tuple[str, ...]) -> set[str]:
    return {id.partition("-")[0] for id in ids}


@given(demonstrations=corpora, seed=st.integers(0, 3), test_tasks=st.integers(0, 20))
def test_every_demonstration_is_on_one_side_and_no_template_on_two(
    demonstrations: list[Demonstration], seed: int, test_tasks: int
) -> None:
    sides = split(demonstrations, seed=seed, test_tasks=test_tasks)
    together = [*sides.train, *sides.validation, *sides.test, *sides.unused]
    assert sorted(together) == sorted(demonstration.id for demonstration in demonstrations)
    held_out = by_template((*sides.test, *sides.unused))
    assert not by_template(sides.train) & by_template(sides.validation)
    assert not by_template((*sides.train, *sides.validation)) & held_out


@given(demonstrations=corpora, held_out=st.sets(st.sampled_from([f"t{number}" for number in range(8)])))
def test_nothing_of_a_phrasing_that_was_held_out_before_is_on_any_side(
    demonstrations: list[Demonstration], held_out: set[str]
) -> None:
    rest = [demonstration for demonstration in demonstrations if demonstration.template not in held_out]
    apart = {demonstration.id for demonstration in demonstrations if demonstration.template in held_out}
    found, without = split(demonstrations, test_tasks=5, held_out=held_out), split(rest, test_tasks=5)
    assert (found.train, found.validation, found.test) == (without.train, without.validation, without.test)
    assert set(found.unused) == {*without.unused, *apart}


def test_phrasings_to_hold_out_are_those_of_demonstrations_or_of_tasks_made_of_them(tmp_path: Path) -> None:
    test = tmp_path / "test.jsonl"
    write_demonstrations(test, corpus([("read", 2), ("send", 1)]))
    assert read_templates(test) == {"t0", "t1"}
    tasks = [{"query": "before\u2028after", "source": source(one)} for one in corpus([("read", 2), ("send", 1)])]
    test.write_text("".join(f"{json.dumps(task, ensure_ascii=False)}\n" for task in tasks), encoding="utf-8")
    assert read_templates(test) == {"t0", "t1"}
    test.write_text(json.dumps({"id": "a", "source": "files-offline-1-7 (read/one (or two)/1f)"}) + "\n\n")
    assert read_templates(test) == {"read/one (or two)/1f"}
    assert read_templates(None) == frozenset()


@pytest.mark.parametrize("text", ["", "[]\n", "no json\n", '{"source": "moving/two"}\n', '{"template": "a"}\n{}\n'])
def test_a_file_that_names_no_phrasing_to_hold_out_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text(text)
    with pytest.raises(TrainingError, match=r"--hold-out .*tasks\.jsonl: not every line names a phrasing"):
        read_templates(tmp_path / "tasks.jsonl")
    with pytest.raises(TrainingError, match=r"--hold-out .*none\.jsonl cannot be read: No such file"):
        read_templates(tmp_path / "none.jsonl")


@given(demonstrations=corpora, order=st.randoms())
def test_the_order_of_the_demonstrations_makes_no_difference(
    demonstrations: list[Demonstration], order: object
) -> None:
    shuffled = order.sample(demonstrations, len(demonstrations))  # type: ignore[attr-defined]
    assert split(shuffled, test_tasks=5) == split(demonstrations, test_tasks=5)


@given(demonstrations=corpora)
def test_there_is_something_to_train_on_for_every_tool(demonstrations: list[Demonstration]) -> None:
    tools = {demonstration.id: demonstration.tool for demonstration in demonstrations}
    assert {tools[id] for id in split(demonstrations).train} == set(tools.values())


def test_the_test_set_has_the_wanted_size_evenly_of_all_tools_for_each_toolset() -> None:
    demonstrations = corpus([("read", 3)] * 80 + [("read_all", 1)] * 90 + [(None, 2)] * 80 + [("send", 2)] * 200)
    tools = {demonstration.id: demonstration.tool for demonstration in demonstrations}
    sides = split(demonstrations, test_tasks=50)
    assert Counter(tools[id] for id in sides.test) == {None: 17, "read": 17, "read_all": 16, "send": 50}
    # Of many templates, each gives one task.
    assert len(by_template(sides.test)) == 100


def test_a_fifth_of_what_is_not_tested_is_for_validation() -> None:
    sides = split(corpus([("read", 1)] * 400 + [("send", 4)] * 100), test_tasks=0)
    assert (len(sides.train), len(sides.validation), sides.test) == (640, 160, ())


def test_a_small_set_is_not_used_up_for_the_test() -> None:
    sides = split(corpus([("read", 2)] * 8), test_tasks=50)
    assert (len(sides.test), len(sides.validation), len(sides.train)) == (4, 4, 8)


def test_another_seed_gives_another_split() -> None:
    demonstrations = corpus([("read", 1)] * 50)
    assert split(demonstrations, seed=0).train != split(demonstrations, seed=1).train


def test_a_split_is_read_back_for_the_same_demonstrations_only(tmp_path: Path) -> None:
    sides = Split(seed=0, train=("a", "b"), validation=("c",), test=("d",), unused=())
    write_split(tmp_path / "split.json", sides)
    assert read_split(tmp_path / "split.json", ["d", "c", "b", "a"]) == sides
    with pytest.raises(TrainingError, match="is the split of other trajectories"):
        read_split(tmp_path / "split.json", ["a", "b"])


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"split\.json: seed: Field required; split the trajectories again"):
        read_split(tmp_path / "split.json", [])
    with pytest.raises(TrainingError, match=r"none\.json cannot be read"):
        read_split(tmp_path / "none.json", [])
