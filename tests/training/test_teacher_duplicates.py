"""Requests that say the same twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.teacher.duplicates import THRESHOLD, Seen, normalized, shingles

WORDS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=8).map(" ".join)


def by_comparing_all(texts: list[str]) -> list[str | None]:
    kept: list[str] = []
    found: list[str | None] = []
    for text in texts:
        if normalized(text) in map(normalized, kept):
            found.append("a duplicate")
        elif any(_similar(text, other) for other in kept):
            found.append("a near-duplicate")
        else:
            found.append(None)
            kept.append(text)
    return found


def _similar(one: str, other: str) -> bool:
    a, b = shingles(one), shingles(other)
    return len(a & b) >= THRESHOLD * len(a | b)


@given(st.lists(WORDS, max_size=30))
def test_looking_up_finds_what_comparing_with_all_finds(texts: list[str]) -> None:
    seen = Seen()
    assert [seen.add(text) for text in texts] == by_comparing_all(texts)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("please SHOW me, the first 10 lines of  notes.txt!", "a duplicate"),
        ("Please show me the first 12 lines of report.txt", None),
        ("Please show me the first 10 lines of notes.txt now", "a near-duplicate"),
        ("What do the top ten lines of notes.txt say?", None),
    ],
)
def test_case_and_marks_make_no_difference_and_a_word_makes_little(text: str, verdict: str | None) -> None:
    seen = Seen()
    assert seen.add("Please show me the first 10 lines of notes.txt") is None
    assert seen.add(text) == verdict
