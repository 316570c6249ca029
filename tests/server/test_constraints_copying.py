"""Copied strings: what may be put together of what was said, by the check and by the grammar alike."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.constraints import JsonSchema
from server.constraints.completion import Completion
from server.constraints.copying import completed, endings, is_copied, marked, words
from server.constraints.grammar import to_grammar
from server.constraints.jsontext import canonical
from tests.server.walks import accepts, walk

SAID = """Take 'to do.md' from desk and put it next to "Grandma's apple cake.md", in recipes/sweet (the new folder).
The workspace is the folder '/home/ada/My files'. [FILE] .env; look at Noor's photos/lisbon/tram28.jpg!
{"id":"12-ab","name":"Buy oat milk"} `src/a.py:3` C:\\temp ./lists / x"""

COPIED = [
    ".",
    "desk",
    "to do.md",
    "desk/to do.md",
    "recipes/sweet/to do.md",
    "./recipes/../desk",
    "Grandma's apple cake.md",
    "/home/ada/My files",
    "/home/ada/My files/recipes/sweet",
    ".env",
    "Noor",
    "photos/lisbon/tram28.jpg",
    "12-ab",
    "Buy oat milk",
    "the new folder",
    "src/a.py:3",
    "C:\\temp",
    "photos",
    "desk/to do.md.bak",
    "lists.txt",
    "lists",
]
MADE_UP = [
    "",
    "/",
    "lists / x",
    "todo.md",
    "Desk",
    "desks",
    "desk/",
    "/desk",
    "photo/lisbon/tram28.jpg",
    "/ada",
    "apple  cake.md",
    "cake.md, in",
    "12-ab name",
    "recipes//sweet",
    "tram28.jpg {",
    "desk/tram28.jpg",
    "desk.toolong",
    "desk.Txt",
]
ENDS = {
    "lisbon/tram28.jpg": "photos/lisbon/tram28.jpg",
    "tram28.jpg": "photos/lisbon/tram28.jpg",
    "sweet": "recipes/sweet",
    "a.py:3": "src/a.py:3",
    "My files": "/home/ada/My files",
}
PATH = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def grammar(said: str, schema: Any = PATH, *names: str) -> str:
    return to_grammar(JsonSchema(schema, names or ("path",), said))


def writes(said: str, value: Any) -> bool:
    return accepts(grammar(said), canonical({"path": value}))


@pytest.mark.parametrize("value", COPIED)
def test_parts_are_words_of_the_conversation_as_they_stand_there(value: str) -> None:
    assert is_copied(value, words(SAID))
    assert writes(SAID, value)


@pytest.mark.parametrize("value", MADE_UP)
def test_nothing_else_can_be_written(value: str) -> None:
    assert not is_copied(value, words(SAID))
    assert not writes(SAID, value)


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_a_path_can_be_written_for_it(end: str) -> None:
    assert not is_copied(end, words(SAID))
    assert completed(end, words(SAID), endings(words(SAID))) == ENDS[end]
    assert writes(SAID, end)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("old/a.md and new/a.md", None),
        ("old/a.md, old/a.md.", "old/a.md"),
        ("old/a.md below /home/ada: /home/ada/old/a.md", "old/a.md"),
        ("ada/a.md is not /ada/b/a.md", None),
    ],
)
def test_the_end_of_several_paths_can_not(said: str, path: str | None) -> None:
    assert endings(words(said)).get("a.md") == path
    assert writes(said, "a.md") == bool(path)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("lineinfile path=temp/x.log line=y", "temp/x.log"),
        ("set(listdir(old/app)) ^ set(listdir(new))", "old/app"),
        ("names = sorted(listdir('2024/bridge'));", "2024/bridge"),
        (">>> edit(./a.py, old=b)", "a.py"),
        ("Edit('to do (2).md', a)", "to do (2).md"),
        ("look at diary(2).md", "diary(2).md"),
    ],
)
def test_what_a_line_of_code_or_a_command_names_is_copied_without_what_stands_before_it(said: str, path: str) -> None:
    assert is_copied(path, words(said))
    assert writes(said, path)


def test_the_end_of_a_path_in_a_line_of_code_can_be_written_for_it() -> None:
    assert endings(words("open(path=old/a.md)")) == {"a.md": "old/a.md"}


_TEXT = st.text(alphabet="ab é./'\"\n,;s()=", max_size=24)


@given(said=_TEXT, value=_TEXT)
@example(said="a b", value="a b")
@example(said="'/a/b'", value="/a")
@example(said="a / b", value="a / b")
@example(said="./a b", value="a b.s")
@example(said="b's", value="b")
@example(said="a’s b", value="a")
@example(said="a/b é", value="b é")
@example(said="a/b, é", value="b é")
@example(said="s/a/b é a/b", value="b é")
@settings(deadline=None)
def test_the_grammar_and_the_check_agree(said: str, value: str) -> None:
    known = words(said)
    whole = completed(value, known, endings(known))
    assert writes(said, value) == is_copied(whole, known)


@given(said=_TEXT, seed=st.integers(0, 1000))
@settings(deadline=None)
def test_whatever_the_grammar_lets_a_model_write_is_copied_once_it_is_completed(said: str, seed: int) -> None:
    text = walk(grammar(said), Random(seed))
    if text is not None:
        completion = Completion(JsonSchema(PATH, ("path",), said))
        assert is_copied(json.loads(completion.feed(text))["path"], words(said))


def test_other_members_and_lists_are_written_as_their_schema_says() -> None:
    schema = {
        "type": "object",
        "properties": {
            "paths": {"type": "array", "items": {"type": "string"}},
            "mode": {"type": "string", "enum": ["a", "b"]},
            "text": {"type": "string"},
        },
        "required": ["paths"],
    }
    made = grammar("x y", schema, "paths", "mode", "nosuch")
    assert accepts(made, canonical({"paths": ["x", "y/x"], "mode": "b", "text": "made up"}))
    assert not accepts(made, canonical({"paths": ["x", "z"]}))
    assert not accepts(made, canonical({"paths": ["x"], "mode": "c"}))


@pytest.mark.parametrize("rule", [{"enum": ["z"]}, {"pattern": "^z$"}, {"format": "uuid"}, {"maxLength": 3}])
def test_a_string_that_the_schema_narrows_already_is_left_to_it(rule: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"path": {"type": "string", **rule}}}
    assert marked(schema, ["path"]) == schema


def test_where_nothing_or_too_much_was_said_a_model_can_still_write_something() -> None:
    assert writes("", ".")
    assert not writes("", "a")
    assert writes("word " * 4000, "made up")
    assert writes("/a" * 4000, "made up")
