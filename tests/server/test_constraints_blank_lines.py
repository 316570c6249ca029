"""A text that goes on with line breaks: what is kept back, and how it is ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.constraints.blank_lines import BlankLines
from server.constraints.jsontext import canonical

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "edits": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"old": {"type": "string"}, "new": {"type": "string"}},
                "required": ["old", "new"],
            },
        },
    },
    "required": ["path", "edits"],
}
EDIT = '{"path":"a[1].css","edits":[{"old":"colour","new":"color'

values = st.recursive(
    st.text(st.sampled_from('a\n\\"{}[]é/')) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from("k\n\\")), inner, max_size=3),
)


@given(value=values, cut=st.integers(0, 200), size=st.integers(1, 9))
def test_all_is_given_on_in_the_end_however_it_comes_and_wherever_it_is_cut(value: Any, cut: int, size: int) -> None:
    text = canonical(value)[:cut]
    reader = BlankLines({})
    given_on = [reader.feed(text[start : start + size]) for start in range(0, len(text), size)]
    assert "".join(given_on) + reader.rest() == text
    assert reader.end() is None


def test_line_breaks_come_with_what_follows_them() -> None:
    reader = BlankLines(SCHEMA)
    assert [reader.feed(text) for text in ('{"path":"a', "\\", "n\\n", '\\"', 'b"')] == [
        '{"path":"a',
        "",
        "",
        '\\n\\n\\"',
        'b"',
    ]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_text_that_only_goes_on_with_line_breaks_ends_before_them(size: int) -> None:
    reader, endless = BlankLines(SCHEMA), EDIT + "\\n" * 50
    given_on = "".join(reader.feed(endless[start : start + size]) for start in range(0, len(endless), size))
    assert given_on == EDIT
    assert json.loads(given_on + (reader.end() or "")) == {
        "path": "a[1].css",
        "edits": [{"old": "colour", "new": "color"}],
    }


@pytest.mark.parametrize(
    "text",
    [
        EDIT + "\\n" * 31,
        EDIT + "\\n" * 50 + "x",
        '{"path":"a' + "\\n" * 50,
        '{"path":"a","edits":[{"old":"' + "\\n" * 50,
    ],
    ids=["not endless", "more than line breaks", "a member is missing", "a member of an item is missing"],
)
def test_what_lacks_more_than_its_end_is_not_ended(text: str) -> None:
    reader = BlankLines(SCHEMA)
    given_on = reader.feed(text)
    assert reader.end() is None
    assert given_on + reader.rest() == text
