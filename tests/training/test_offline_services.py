"""The banks of toolsets that work with a service, and demonstrations on the real servers with its stand-in behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from training.offline.acting import Discarded
from training.offline.bank import Template, read_bank
from training.offline.grammar import Slot
from training.offline.growing import grow, made_before
from training.offline.monday import following as monday_following
from training.offline.monday import plans as monday_plans
from training.offline.notion import following as notion_following
from training.offline.notion import plans as notion_plans
from training.offline.script import Unfit
from training.offline.setting import Setting, open_setting
from training.offline.source import Source

REGISTRY = Registry.load(PACKAGED)
BANKS = {name: read_bank(name) for name in ("monday", "notion")}
PLANS: Mapping[str, Mapping[str, Any]] = {"monday": monday_plans.PLANS, "notion": notion_plans.PLANS}
EARLIER = {"monday": monday_following.EARLIER, "notion": notion_following.EARLIER}
COUNT = 30
SEED = 3
SETTINGS = 8

each_service = pytest.mark.parametrize("name", sorted(BANKS))


@pytest.fixture(autouse=True)
def cache_folder() -> None:
    """The machine's own: the servers are installed there."""


@pytest.fixture
def source(name: str, servers: None, sandbox: Backend) -> Source:
    return Source(REGISTRY.toolsets[name], REGISTRY.manifests[name], sandbox, BANKS[name])


@each_service
def test_every_heading_has_a_plan_and_every_plan_a_heading(name: str) -> None:
    assert {template.plan for template in BANKS[name].templates} == set(PLANS[name])


@each_service
def test_every_plan_has_a_phrasing_that_is_no_opener(name: str) -> None:
    assert {template.plan for template in BANKS[name].templates if not template.opens} == set(PLANS[name])


@each_service
def test_every_tool_has_dozens_of_phrasings(name: str) -> None:
    counts = Counter(template.category for template in BANKS[name].templates)
    assert {tool.name: n for tool in REGISTRY.toolsets[name].tools if (n := counts[tool.name]) < 30} == {}
    assert counts["several"] >= 40
    assert counts["none"] >= 50


@each_service
def test_what_is_said_next_has_something_to_follow_on(name: str) -> None:
    assert set(EARLIER[name]) == {t.plan for t in BANKS[name].templates if t.category == "followups"}
    assert {plan for plans in EARLIER[name].values() for plan in plans} - set(BANKS[name].openers) == set()


@each_service
def test_no_sentence_stands_in_two_phrasings(name: str) -> None:
    """Or a sentence of the test set could be one that was trained on."""
    names: dict[str, set[str]] = defaultdict(set)
    for template in BANKS[name].templates:
        for parts in template.phrasing.variants():
            sentence = "".join(f"{{{part.name}}}" if isinstance(part, Slot) else part for part in parts)
            names[sentence.rstrip("?!").rstrip()].add(template.name)
    assert {sentence: found for sentence, found in names.items() if len(found) > 1} == {}


@each_service
async def test_every_plan_can_be_carried_out(name: str, source: Source) -> None:
    todo: dict[str, list[Template]] = defaultdict(list)
    for template in source.bank.templates:
        if not template.opens:
            todo[template.plan].append(template)
    for number in range(SETTINGS):
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


@each_service
async def test_the_same_seed_gives_the_same_demonstrations_which_the_service_took(
    name: str, source: Source, tmp_path: Path
) -> None:
    made = []
    for path in (tmp_path / "once.jsonl", tmp_path / "again.jsonl"):
        with path.open("a", encoding="utf-8") as file:
            made.append(
                await grow(
                    file,
                    source,
                    COUNT,
                    SEED,
                    made=made_before(path, source, SEED),
                    dropped=Counter(),
                    show=lambda done: None,
                    should_stop=lambda: False,
                )
            )
    assert made[0] == made[1]
    for one in made[0]:
        *acting, answer = one.trajectory.steps
        assert answer.reply.text
        assert [seen.result.is_error for step in acting for seen in step.calls] == [False] * len(acting)
        assert (one.verified, one.toolsets) == (True, (name,))
