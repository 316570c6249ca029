"""The phrasings that people wrote, and in which order they come."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolsets import Registry
from toolsets.registry import PACKAGED
from training.offline.bank import PARTS, BankError, parse_bank, read_bank
from training.offline.filesystem.order import EARLIER
from training.offline.filesystem.plans import PLANS
from training.offline.grammar import Slot
from training.offline.schedule import Schedule

BANK = read_bank("filesystem")
TOOLS = {tool.name for tool in Registry.load(PACKAGED).toolsets["filesystem"].tools} - {"read_file"}
"""All but the one that the server itself calls deprecated."""
SHARES = {"move_file": 2, PARTS: 3, "recovery": 1}


def test_every_heading_has_a_plan_and_every_plan_a_heading() -> None:
    assert {template.plan for template in BANK.templates} == set(PLANS)


def test_every_tool_has_hundreds_of_phrasings() -> None:
    counts = Counter(template.category for template in BANK.templates)
    assert {tool: counts[tool] for tool in TOOLS if counts[tool] < 250} == {}


def test_what_is_said_next_has_something_to_follow_on() -> None:
    assert set(EARLIER) == {t.plan for t in BANK.templates if t.category == "followups"}
    assert {plan for plans in EARLIER.values() for plan in plans} - set(BANK.openers) == set()


def test_no_sentence_stands_in_two_phrasings() -> None:
    """Or a sentence of the test set could be one that was trained on."""
    names: dict[str, set[str]] = defaultdict(set)
    for template in BANK.templates:
        for parts in template.phrasing.variants():
            sentence = "".join(f"{{{part.name}}}" if isinstance(part, Slot) else part for part in parts)
            names[sentence.rstrip("?!").rstrip()].add(template.name)
    assert {sentence: found for sentence, found in names.items() if len(found) > 1} == {}


def test_no_demonstration_is_about_the_words_of_an_opener() -> None:
    categories = (*TOOLS, PARTS, "several", "none", "recovery", "followups")
    shown = {template.phrasing.source for category in categories for template in BANK.of(category)}
    opening = {t.phrasing.source for templates in BANK.openers.values() for t in templates}
    assert shown & opening == set()
    assert shown | opening == {template.phrasing.source for template in BANK.templates}


def test_parts_of_one_request_are_of_one_group_and_one_name() -> None:
    assert {name for group in BANK.parts.values() for name in {t.name for t in group}} == {
        f"parts/{group}" for group in BANK.parts
    }
    assert all(len({t.name for t in group}) == 1 for group in BANK.parts.values())


def test_a_file_of_the_bank_is_read_as_it_says() -> None:
    bank = parse_bank(
        {"none": "# Small talk\n[chat]\nhi => (Hello|Hi)!\n\n& read {file} => Yes.\n[other]\nhi => Ho.\n"}
    )
    assert [
        (t.category, t.plan, t.phrasing.source, t.answer and t.answer.source, t.group is not None)
        for t in bank.templates
    ] == [
        ("none", "chat", "hi", "(Hello|Hi)!", False),
        ("none", "chat", "read {file}", "Yes.", True),
        ("none", "other", "hi", "Ho.", False),
    ]
    assert len({t.name for t in bank.templates}) == 2


def test_an_arrow_is_a_word_where_tools_give_the_answer() -> None:
    (template,) = parse_bank({"move_file": "[rename]\n{file} => {name}"}).templates
    assert (template.phrasing.source, template.answer) == ("{file} => {name}", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[move]\nmove {file}\n\nmove (it", "move_file.txt, line 4: 'move (it': a bracket is not closed"),
        ("[move]\nmove it)", "move_file.txt, line 2: 'move it)': a stray bracket; write \\) for the sign"),
        ("# moves\nmove {file}", "move_file.txt, line 2: a phrasing before the first [plan]"),
        ("[move]\nmove it\nput it\n& move it", "move_file.txt, line 4: the same as line 2"),
    ],
)
def test_a_phrasing_that_is_wrong_is_named_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(BankError) as error:
        parse_bank({"list_directory": "[list]\nls", "move_file": text})
    assert str(error.value) == message


def test_a_toolset_without_a_bank_is_named_with_those_that_have_one() -> None:
    with pytest.raises(BankError, match=r"^nobody has written intents for the toolset 'files'; .* for: filesystem"):
        read_bank("files")


@given(positions=st.lists(st.integers(0, 5000), min_size=1, max_size=30))
def test_the_phrasing_at_a_position_does_not_depend_on_what_was_asked_before(positions: list[int]) -> None:
    one, other = Schedule(BANK, SHARES, 3), Schedule(BANK, SHARES, 3)
    assert [one.at(p) for p in positions] == [other.at(p) for p in reversed(positions)][::-1]


def test_every_phrasing_has_its_turn_before_one_comes_again() -> None:
    schedule, size = Schedule(BANK, SHARES, 0), len(BANK.of("recovery"))
    turns = [schedule.at(position) for position in range(2 * size * sum(SHARES.values()))]
    recoveries = [template for template in turns if template.category == "recovery"]
    assert len(recoveries) == 2 * size
    assert set(recoveries[:size]) == set(recoveries[size:]) == set(BANK.of("recovery"))
    assert recoveries[:size] != recoveries[size:]


def test_categories_come_as_often_as_their_shares_say() -> None:
    schedule = Schedule(BANK, SHARES, 0)
    counts = Counter(
        PARTS if template.group is not None else template.category for template in map(schedule.at, range(600))
    )
    assert counts == {"move_file": 200, PARTS: 300, "recovery": 100}
