"""The banks of all toolsets but the filesystem, which has tests of its own, and demonstrations on the real servers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.workspaces import make_world
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from training.offline.acting import Discarded
from training.offline.bank import Template, read_bank
from training.offline.git import order as git_order
from training.offline.git import plans as git_plans
from training.offline.git.repository import Repository
from training.offline.git.view import git
from training.offline.grammar import Slot
from training.offline.growing import grow, made_before
from training.offline.memory import order as memory_order
from training.offline.memory import plans as memory_plans
from training.offline.memory.graph import read, remembered
from training.offline.monday import following as monday_following
from training.offline.monday import plans as monday_plans
from training.offline.notion import following as notion_following
from training.offline.notion import plans as notion_plans
from training.offline.script import Unfit
from training.offline.setting import Setting, open_setting
from training.offline.source import Source
from training.offline.time import order as time_order
from training.offline.time import plans as time_plans
from training.offline.time.said import time_of_day
from training.trajectory import Demonstration

REGISTRY = Registry.load(PACKAGED)
PLANS: Mapping[str, Mapping[str, Callable[..., object]]] = {
    "git": git_plans.PLANS,
    "memory": memory_plans.PLANS,
    "monday": monday_plans.PLANS,
    "notion": notion_plans.PLANS,
    "time": time_plans.PLANS,
}
EARLIER = {
    "git": git_order.EARLIER,
    "memory": memory_order.EARLIER,
    "monday": monday_following.EARLIER,
    "notion": notion_following.EARLIER,
    "time": time_order.EARLIER,
}
BANKS = {name: read_bank(name) for name in PLANS}
SERVICES = ("monday", "notion")
"""Toolsets that work with a service, of which there is a stand-in."""
LEAST = {"git": 25, "memory": 25, "monday": 30, "notion": 30, "time": 60}
"""Phrasings for a tool."""
LEAST_WITHOUT_TOOL = {"git": 60, "memory": 60, "monday": 50, "notion": 50, "time": 60}
COUNTS = {"git": 40, "memory": 40, "monday": 30, "notion": 30, "time": 40}
"""Demonstrations to make."""
SETTINGS = {"git": 6, "memory": 6, "monday": 8, "notion": 8, "time": 6}
"""In so many settings every plan is carried out."""
SEED = 3

each_toolset = pytest.mark.parametrize("name", sorted(BANKS))
each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.fixture(autouse=True)
def cache_folder() -> None:
    """The machine's own: the servers are installed there."""


@pytest.fixture
def source(name: str, servers: None, sandbox: Backend) -> Source:
    return Source(REGISTRY.toolsets[name], REGISTRY.manifests[name], sandbox, BANKS[name])


@each_toolset
def test_every_heading_has_a_plan_and_every_plan_a_heading(name: str) -> None:
    assert {template.plan for template in BANKS[name].templates} == set(PLANS[name])


@each_toolset
def test_every_tool_has_dozens_of_phrasings(name: str) -> None:
    counts = Counter(template.category for template in BANKS[name].templates)
    assert {tool.name: n for tool in REGISTRY.toolsets[name].tools if (n := counts[tool.name]) < LEAST[name]} == {}
    assert counts["none"] >= LEAST_WITHOUT_TOOL[name]


@each_service
def test_services_have_dozens_of_requests_for_several_tools(name: str) -> None:
    assert sum(template.category == "several" for template in BANKS[name].templates) >= 40


@each_service
def test_every_plan_has_a_phrasing_that_is_no_opener(name: str) -> None:
    assert {template.plan for template in BANKS[name].templates if not template.opens} == set(PLANS[name])


@each_toolset
def test_what_is_said_next_has_something_to_follow_on(name: str) -> None:
    assert set(EARLIER[name]) == {t.plan for t in BANKS[name].templates if t.category == "followups"}
    assert {plan for plans in EARLIER[name].values() for plan in plans} - set(BANKS[name].openers) == set()


@each_toolset
def test_no_sentence_stands_in_two_phrasings(name: str) -> None:
    """Or a sentence of the test set could be one that was trained on."""
    names: dict[str, set[str]] = defaultdict(set)
    for template in BANKS[name].templates:
        for parts in template.phrasing.variants():
            sentence = "".join(f"{{{part.name}}}" if isinstance(part, Slot) else part for part in parts)
            names[sentence.rstrip("?!").rstrip()].add(template.name)
    assert {sentence: found for sentence, found in names.items() if len(found) > 1} == {}


@each_toolset
async def test_every_plan_can_be_carried_out(name: str, source: Source) -> None:
    todo: dict[str, list[Template]] = defaultdict(list)
    for template in source.bank.templates:
        if not template.opens:
            todo[template.plan].append(template)
    for number in range(SETTINGS[name]):
        async with open_setting(source, f"plans/{number}") as setting:
            for plan in list(todo):
                if await said(setting, todo[plan], f"{plan}/{number}"):
                    del todo[plan]
        if not todo:
            return
    assert set(todo) == set()


async def said(setting: Setting, templates: list[Template], seed: str) -> str:
    """What the assistant says at the end of a conversation by one of the phrasings; empty if none comes out."""
    random = Random(seed)
    for _ in range(6):
        try:
            talk = await setting.tell(random.choice(templates), random)
        except (Unfit, Discarded):
            continue
        return talk.steps[-1].reply.text or ""
    return ""


@each_toolset
async def test_the_same_seed_gives_the_same_demonstrations(name: str, source: Source, tmp_path: Path) -> None:
    once = await grown(source, tmp_path / "once.jsonl")
    assert once == await grown(source, tmp_path / "again.jsonl")
    assert "dualtune-" not in (tmp_path / "once.jsonl").read_text(encoding="utf-8")
    for one in once:
        *acting, answer = one.trajectory.steps
        assert answer.reply.text
        assert all(len(step.calls) == 1 for step in acting)
        assert (one.verified, one.toolsets) == (True, (name,))
        if name in SERVICES:
            assert [seen.result.is_error for step in acting for seen in step.calls] == [False] * len(acting)
        if name == "git":
            assert_the_repository_is_named(one)


def assert_the_repository_is_named(one: Demonstration) -> None:
    """Every path of a call stands in what was said before."""
    said = [str(message["content"]) for message in one.trajectory.opening]
    for step in one.trajectory.steps:
        for seen in step.calls:
            path = seen.call.arguments.partition('"repo_path":"')[2].partition('"')[0]
            assert any(path in text for text in said)


async def grown(source: Source, path: Path) -> list[Demonstration]:
    with path.open("a", encoding="utf-8") as file:
        return await grow(
            file,
            source,
            COUNTS[source.toolset.name],
            SEED,
            made=made_before(path, source, SEED),
            dropped=Counter(),
            show=lambda done: None,
            should_stop=lambda: False,
        )


def test_a_repository_follows_from_its_seed(tmp_path: Path) -> None:
    views = []
    for name in ("one", "other"):
        repository = Repository(tmp_path / name, Random("repository/7"))
        repository.work()
        view = repository.look()
        views.append((view.head, view.branches, view.log, view.elsewhere, view.staged, view.modified, view.untracked))
    assert views[0] == views[1]
    assert len(view.log) >= 7
    assert view.others
    assert view.changed


def test_a_branch_that_is_called_like_a_file_is_no_file(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "one", Random("repository/7"))
    repository.work()
    view = repository.look()
    expected = view.in_the_way(view.others[0])
    name = next(part for path in view.files for part in path.split("/") if part.isalpha() and path.startswith(part))
    git(view.root, "branch", name, view.others[0])
    assert view.in_the_way(name) == expected


@given(seed=st.integers(0, 10_000))
def test_a_memory_is_read_as_it_was_written(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    random = Random(seed)
    graph = remembered(make_world(random), random)
    path = tmp_path_factory.getbasetemp() / "memory.jsonl"
    graph.write(path)
    assert read(path) == graph
    assert {relation.source for relation in graph.relations} <= graph.names


@given(seed=st.integers(0, 10_000))
def test_a_time_of_day_is_said_so_that_it_can_be_told_which_half_of_the_day_is_meant(seed: int) -> None:
    """Said in figures, it is read back."""
    told = time_of_day(Random(seed))
    for form in ("%H:%M", "%I:%M%p", "%I:%M %p", "%I%p", "%I %p", "%H.%M", "%Hh%M", "%H%M hours"):
        try:
            read = datetime.strptime(told.text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        assert f"{read:%H:%M}" == told.value
        return
    assert told.text in ("noon", "midnight") or told.text.endswith(("morning", "afternoon", "evening", "night"))
