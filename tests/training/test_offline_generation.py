"""Demonstrations by the offline teacher, on the real filesystem server."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from server.cli import CommandError
from tests.training.world import demonstration
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from training.commands import app
from training.errors import Interrupted, TrainingError
from training.offline.acting import Conversation, Discarded
from training.offline.bank import Template, read_bank
from training.offline.generate import Source
from training.offline.growing import grow, made_before
from training.offline.schedule import Schedule
from training.offline.script import Unfit
from training.offline.setting import Setting, open_setting
from training.split import split
from training.trajectory import Demonstration, read_demonstrations

REGISTRY = Registry.load(PACKAGED)
TOOLSET, MANIFEST = REGISTRY.toolsets["filesystem"], REGISTRY.manifests["filesystem"]
BANK = read_bank("filesystem")
COUNT = 50
SEED = 4


@pytest.fixture(autouse=True)
def cache_folder() -> None:
    """The machine's own: the server is installed there."""


@pytest.fixture(scope="module")
def source(servers: None, sandbox: Backend) -> Source:
    return Source(TOOLSET, MANIFEST, sandbox, BANK)


@pytest.fixture(scope="module")
async def made(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of demonstrations that was made in one go."""
    path = tmp_path_factory.mktemp("made") / "whole.jsonl"
    await go_on(path, source, COUNT)
    return path


async def go_on(path: Path, source: Source, count: int, stop_at: int | None = None) -> list[Demonstration]:
    made = made_before(path, source, SEED)
    shown: list[int] = []
    with path.open("a", encoding="utf-8") as file:
        return await grow(
            file,
            source,
            count,
            SEED,
            made=made,
            dropped=Counter(),
            show=shown.append,
            should_stop=lambda: shown[-1] == stop_at,
        )


def content(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def words(templates: set[str]) -> set[str]:
    return {template.phrasing.source for template in BANK.templates if template.name in templates}


async def carried_out(setting: Setting, templates: Sequence[Template], seed: str) -> Conversation | None:
    """A conversation by one of the phrasings; None if the workspace has nothing for the plan."""
    random = Random(seed)
    for _ in range(8):
        try:
            return await setting.tell(random.choice(templates), random)
        except (Unfit, Discarded):
            pass
    return None


async def test_every_plan_can_be_carried_out(source: Source) -> None:
    todo: dict[str, list[Template]] = defaultdict(list)
    for template in BANK.templates:
        if not template.opens:
            todo[template.plan].append(template)
    for number in range(12):
        async with open_setting(source, f"plans/{number}") as setting:
            for plan in list(todo):
                if talk := await carried_out(setting, todo[plan], f"{plan}/{number}"):
                    assert talk.steps[-1].reply.text
                    del todo[plan]
        if not todo:
            return
    assert set(todo) == set()


async def test_the_same_seed_gives_the_same_demonstrations_wherever_it_was_interrupted(
    source: Source, made: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.jsonl"
    with pytest.raises(Interrupted):
        await go_on(path, source, COUNT, stop_at=7)
    lines = content(path).splitlines(keepends=True)
    assert len(lines) == 7
    path.write_text("".join(lines) + lines[-1][:200], encoding="utf-8")  # as if killed while it wrote
    assert len(await go_on(path, source, COUNT)) == COUNT
    assert content(path) == content(made)


def test_demonstrations_are_what_the_server_did_and_nothing_of_this_machine(made: Path) -> None:
    found = read_demonstrations(made)
    assert "dualtune-" not in content(made)
    assert len({(d.trajectory.opening[-1]["content"], d.trajectory.steps) for d in found}) == COUNT
    for one in found:
        *acting, answer = one.trajectory.steps
        assert answer.reply.text
        assert answer.calls == ()
        assert all(len(step.calls) == 1 and step.calls[0].result.text is not None for step in acting)
        assert one.tool == (acting[0].calls[0].tool if acting else None)
        assert one.verified
        assert one.toolsets == ("filesystem",)


def test_the_split_never_shares_a_phrasing() -> None:
    schedule = Schedule(BANK, {"move_file": 4, "parts": 10, "several": 15, "none": 10, "followups": 9}, SEED)
    templates = [schedule.at(position) for position in range(1500)]
    demonstrations = [
        demonstration(str(number), template=t.name, tool=None if t.category == "none" else t.category)
        for number, t in enumerate(templates)
    ]
    sides = split(demonstrations)
    train, validation, test = (
        words({demonstrations[int(id)].template for id in side}) for side in (sides.train, sides.validation, sides.test)
    )
    assert (len(sides.test), train & test, validation & test, train & validation) == (50, set(), set(), set())


@pytest.mark.parametrize("content", ["my notes", "my notes\n", '{"format":1}\n'])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(source: Source, tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(TrainingError, match=r"notes\.txt:1: "):
        made_before(path, source, SEED)
    assert path.read_text() == content


def test_a_file_of_another_seed_is_refused(source: Source, made: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"filesystem-offline-4-0000000 is from another seed, .*; name another file"
    ):
        made_before(made, source, SEED + 1)


def test_the_command_says_what_it_made_and_what_is_there_already(source: Source, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    path.write_bytes(made.read_bytes())
    command = ["demonstrations", "filesystem", "--count", str(COUNT), "--seed", str(SEED), "--out", str(path), "--json"]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    summary = json.loads(result.stdout)
    found = read_demonstrations(made)
    calls = Counter(seen.tool for one in found for step in one.trajectory.steps for seen in step.calls)
    assert result.exit_code == 0
    assert summary == {
        "demonstrations": COUNT,
        "new": 0,
        "templates": len({one.template for one in found}),
        "steps": sum(len(one.trajectory.steps) for one in found),
        "tasks": dict(Counter(one.tool or "none" for one in found)),
        "calls": dict(calls),
        "discarded": {},
    }
    assert f"{COUNT} demonstrations, 0 of them new" in result.stderr.replace("\n", "")


async def test_of_one_category_alone_every_demonstration_is_of_it(source: Source, tmp_path: Path) -> None:
    found = await go_on(tmp_path / "trees.jsonl", replace(source, categories=frozenset({"directory_tree"})), 6)
    assert {one.tool for one in found} == {"directory_tree"}


def test_a_category_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    command = ["demonstrations", "filesystem", "--category", "trees", "--out", str(tmp_path / "x.jsonl")]
    with pytest.raises(CommandError, match=r"--category trees: filesystem has: .*directory_tree, .*several"):
        CliRunner().invoke(app, command, catch_exceptions=False)


@pytest.mark.parametrize(
    ("toolset", "message"),
    [
        ("files", r"there is no toolset 'files'; there are: .*filesystem"),
    ],
)
def test_a_toolset_that_cannot_be_taught_is_named(toolset: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message):
        CliRunner().invoke(app, ["demonstrations", toolset, "--out", str(tmp_path / "x.jsonl")], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
