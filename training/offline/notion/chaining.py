"""Plans of several calls about pages and databases that the request names by their IDs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.offline.notion import answers
from training.offline.notion.changing import change, patch
from training.offline.notion.querying import equal, query, short
from training.offline.notion.said import (
    block,
    line,
    name_slots,
    new_title,
    new_value,
    page_said,
    parent_said,
    property_value,
    settable,
    source_said,
    text_slots,
    titled,
    typed,
    value_said,
)
from training.offline.notion.view import FEW, MOST, SOME, Json, View, length, text_of, title
from training.offline.notion.writing import append, commented, new_page
from training.offline.scene import Scene, named, several_calls
from training.offline.script import Call, Script, Task, Unfit

# First a look at how it is built


def look_set(s: Scene[View]) -> Task:
    row = s.pick(s.state.rows)
    column, value = change(s, row)
    page = page_said(s, row)
    properties = {column["name"]: property_value(column["type"], value.value)}
    calls = [Call("API-retrieve-a-page", {"page_id": page.value}), patch(page.value, properties=properties)]
    words = {"page": page.text, "column": s.quoted(column["name"]), "value": value.text}
    return several_calls(words, calls, lambda _: f"{column['name']} is “{value.value}” now.", row["id"])


def look_where(s: Scene[View]) -> Task:
    source = s.pick([source for source in s.state.sources if length([source]) <= MOST])
    column, value, condition = equal(s, source, lambda rows: short(rows, FEW))
    said = source_said(s, source)
    calls = [Call("API-retrieve-a-data-source", {"data_source_id": said.value}), query(said.value, filter=condition)]
    words = {"source": said.text, "column": s.quoted(column["name"]), "value": value_said(s, value).text}
    return several_calls(words, calls, lambda texts: answers.rows(texts[1]))


def look_row(s: Scene[View]) -> Task:
    source = s.pick([source for source in s.state.sources if length([source]) <= MOST])
    column, name = s.pick(settable(source)), new_title(s)
    value, said = new_value(s, column), source_said(s, source)
    properties = {**titled(name), column["name"]: property_value(column["type"], value.value)}

    def script() -> Script:
        found = answers.read((yield Call("API-retrieve-a-data-source", {"data_source_id": said.value})))
        yield new_page({"database_id": found["parent"]["database_id"]}, properties)
        return f"“{name}” is in {title(found)} now, with {column['name']} “{value.value}”."

    words = {"source": said.text, "column": s.quoted(column["name"]), "value": value.text}
    return Task({**words, **name_slots(s, name)}, script())


# What stands on a page


def read_comment(s: Scene[View]) -> Task:
    read, text = s.pick(s.state.readable(SOME)), line(s)
    page = page_said(s, read)
    calls = [Call("API-get-block-children", {"block_id": page.value}), commented(page.value, text)]

    def answer(texts: list[str]) -> str:
        return f"{answers.content(texts[0])}\n\nI commented “{text}” on it."

    return several_calls({"page": page.text, **text_slots(s, text)}, calls, answer, read["id"])


def insert_after(s: Scene[View]) -> Task:
    extended = s.pick(s.state.readable(SOME))
    texts = [text_of(each) for each in s.state.blocks(extended) if each["object"] == "block"]
    quote = s.pick([text for text in texts if 10 <= len(text) <= 90 and texts.count(text) == 1])
    page, text = page_said(s, extended), line(s)

    def script() -> Script:
        blocks = answers.results((yield Call("API-get-block-children", {"block_id": page.value})))
        after = [each["id"] for each in blocks if text_of(each) == quote]
        if len(after) != 1:
            raise Unfit("not exactly one block says this")
        yield append(page.value, [block("paragraph", text)], after=after[0])
        return f"“{text}” stands after “{quote}” now."

    return Task({"page": page.text, "quote": s.enclosed(quote), **text_slots(s, text)}, script(), extended["id"])


# A row by one of its values


def _after_query(s: Scene[View], words: dict[str, str], call: Callable[[str], Call], answer: str) -> Task:
    source = s.pick(s.state.sources)
    column, value, condition = equal(s, source, lambda rows: len(rows) == 1)
    said = source_said(s, source)

    def script() -> Script:
        row = answers.the_only(answers.results((yield query(said.value, filter=condition))))
        yield call(row["id"])
        return f"“{title(row)}”: {answer}"

    found = {"source": said.text, "typed": typed(s, column), "value": value_said(s, value).text}
    return Task({**found, **words}, script())


def query_comment(s: Scene[View]) -> Task:
    text = line(s)
    return _after_query(s, text_slots(s, text), lambda row: commented(row, text), f"I commented “{text}” on it.")


def query_trash(s: Scene[View]) -> Task:
    return _after_query(s, {}, lambda row: patch(row, in_trash=True), "it is in the trash now.")


# Twice the same


def _two(s: Scene[View], pages: tuple[Json, ...], call: Callable[[str], Call], **words: str) -> tuple[Any, ...]:
    one, other = (page_said(s, page) for page in s.sample(pages, 2, 2))
    return {"page": one.text, "page2": other.text, **words}, [call(one.value), call(other.value)]


def comment_two(s: Scene[View]) -> Task:
    text = line(s)
    words, calls = _two(s, s.state.pages, lambda page: commented(page, text), **text_slots(s, text))
    return several_calls(words, calls, lambda _: f"I commented “{text}” on both pages.")


def read_two(s: Scene[View]) -> Task:
    words, calls = _two(s, s.state.readable(FEW), lambda page: Call("API-get-block-children", {"block_id": page}))
    return several_calls(words, calls, lambda texts: "\n\n".join(map(answers.content, texts)))


def trash_two(s: Scene[View]) -> Task:
    words, calls = _two(s, s.state.rows, lambda page: patch(page, in_trash=True))
    return several_calls(words, calls, lambda _: "Both pages are in the trash now.")


# New pages


def new_comment(s: Scene[View]) -> Task:
    parent, name, text = parent_said(s), new_title(s), line(s)

    def script() -> Script:
        made = answers.read((yield new_page({"page_id": parent.value}, titled(name))))
        yield commented(made["id"], text)
        return f"“{name}” is there, with the ID {made['id']}. I commented “{text}” on it."

    return Task({"parent": parent.text, **name_slots(s, name), **text_slots(s, text)}, script())


def new_two(s: Scene[View]) -> Task:
    parent, one = parent_said(s), new_title(s)
    other = new_title(s, one)
    calls = [new_page({"page_id": parent.value}, titled(name)) for name in (one, other)]
    words = {"parent": parent.text, "name": s.enclosed(one), "name2": s.enclosed(other)}
    return several_calls(words, calls, lambda _: f"The pages “{one}” and “{other}” are there.")


PLANS = named(
    look_set,
    look_where,
    look_row,
    read_comment,
    insert_after,
    query_comment,
    query_trash,
    comment_two,
    read_two,
    trash_two,
    new_comment,
    new_two,
)
