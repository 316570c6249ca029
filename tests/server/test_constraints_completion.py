"""Paths that were begun with their end, completed piece by piece."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.constraints import JsonSchema
from server.constraints.completion import Completion
from server.constraints.jsontext import canonical

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "paths": {"type": "array", "items": {"type": "string"}},
        "content": {"type": "string"},
        "mode": {"type": "string", "enum": ["saturday.txt"]},
    },
}
SAID = "put it into lists/saturday.txt, and not into old/notes.md or new/notes.md"
COPIED = ("path", "paths", "mode")


def completed(value: Any, *, size: int = 1, said: str = SAID) -> Any:
    """The value as it is read from pieces of `size` characters."""
    text, completion = canonical(value), Completion(JsonSchema(SCHEMA, COPIED, said))
    pieces = [completion.feed(text[start : start + size]) for start in range(0, len(text), size)]
    assert completion.rest() == ""
    return json.loads("".join(pieces))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_folders_of_a_path_are_put_back_however_it_is_cut_into_pieces(size: int) -> None:
    assert completed({"path": "saturday.txt"}, size=size) == {"path": "lists/saturday.txt"}
    assert completed({"paths": ["saturday.txt", "old"]}, size=size) == {"paths": ["lists/saturday.txt", "old"]}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"content": "saturday.txt", "mode": "saturday.txt"}, id="what is not copied"),
        pytest.param({"path": "notes.md"}, id="the end of two paths"),
        pytest.param({"path": "lists/saturday.txt"}, id="a whole path"),
        pytest.param(
            {"path": "x", "content": 'saturday.txt"\\', "more": {"path": "saturday.txt"}}, id="further within"
        ),
        pytest.param({}, id="nothing"),
        pytest.param("saturday.txt", id="no object"),
    ],
)
def test_all_else_stays_as_it_was_written(value: Any) -> None:
    assert completed(value) == value


def test_a_name_that_was_said_by_itself_too_is_that() -> None:
    said = f"{SAID}; there is also a saturday.txt"
    assert completed({"path": "saturday.txt"}, said=said) == {"path": "saturday.txt"}


def test_long_texts_are_given_on_as_they_come() -> None:
    completion = Completion(JsonSchema(SCHEMA, COPIED, SAID))
    assert completion.feed('{"path":"saturday') == '{"path":'
    assert completion.feed('.txt","content":"a ') == '"lists/saturday.txt","content":"a '
    assert completion.feed("b") == "b"
    assert completion.rest() == ""


def test_what_was_cut_off_is_given_on_at_the_end() -> None:
    completion = Completion(JsonSchema(SCHEMA, COPIED, SAID))
    assert completion.feed('{"path":"satur') + completion.rest() == '{"path":"satur'


@given(value=st.recursive(st.text() | st.integers() | st.none(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
@settings(deadline=None)
def test_json_in_which_no_path_ends_is_never_changed(value: Any) -> None:
    assert completed(value, said="x/an end that is in no value") == json.loads(canonical(value))
