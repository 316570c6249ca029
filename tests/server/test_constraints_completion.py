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
        "pair": {"type": "array", "items": {"type": "string"}, "minItems": 2},
    },
}
SAID = "put it into lists/saturday.txt, and not into old/notes.md or new/notes.md"
COPIED = ("path", "paths", "mode", "pair")


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
    completion = Completion(JsonSchema(SCHEMA, COPIED, SAID))
    assert completion.feed('{"paths":["old","ne') + completion.rest() == '{"paths":["old","ne'


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_path_comes_once_in_a_list_however_it_is_said(size: int) -> None:
    paths = ["saturday.txt", "old", "lists/saturday.txt", "old", "new", "new"]
    assert completed({"paths": paths, "content": "x"}, size=size) == {
        "paths": ["lists/saturday.txt", "old", "new"],
        "content": "x",
    }
    assert completed({"paths": ["old", "old", "old", "old"]}, size=size) == {"paths": ["old"]}


def test_lists_of_what_is_not_copied_and_those_that_must_be_longer_may_repeat() -> None:
    value = {"pair": ["old", "old"], "mode": ["old", "old"], "more": {"paths": ["old", "old"]}}
    assert completed(value) == value


@pytest.mark.parametrize("size", [1, 3])
def test_a_list_that_does_nothing_but_repeat_itself_is_ended(size: int) -> None:
    endless = '{"path":"old","paths":["old","new"' + ',"new","old"' * 10
    completion, written = Completion(JsonSchema({**SCHEMA, "required": ["paths"]}, COPIED, SAID)), ""
    for start in range(0, len(endless), size):
        written += completion.feed(endless[start : start + size])
        if completion.is_endless:
            break
    assert json.loads(written + completion.rest()) == {"path": "old", "paths": ["old", "new"]}


def test_a_list_goes_on_repeating_itself_while_something_is_missing() -> None:
    completion = Completion(JsonSchema({**SCHEMA, "required": ["paths", "path"]}, COPIED, SAID))
    assert completion.feed('{"paths":["old"' + ',"old"' * 10) == '{"paths":["old"'
    assert not completion.is_endless
    assert completion.feed('],"path":"new"}') + completion.rest() == '],"path":"new"}'


@given(value=st.recursive(st.text() | st.integers() | st.none(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
@settings(deadline=None)
def test_json_in_which_no_path_ends_is_never_changed(value: Any) -> None:
    assert completed(value, said="x/an end that is in no value") == json.loads(canonical(value))
