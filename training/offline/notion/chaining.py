"""Plans of several calls, of which the later ones mostly need what the earlier ones returned."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from training.offline.notion import answers
from training.offline.notion.changing import change, patch
from training.offline.notion.querying import equal, query, short
from training.offline.notion.said import (
    ONLY_PAGES,
    ONLY_SOURCES,
    block,
    item_list,
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
from training.offline.notion.values import values
from training.offline.notion.view import Json, View, length, text_of, title
from training.offline.notion.writing import append, commented, new_page
from training.offline.scene import Scene, named, several_calls
from training.offline.script import Call, Script, Task, Unfit

_FEW = 2600
"""Characters of what a search finds, where more is to be read after it."""
_NAMES = {"Tasks": "task", "Meetings": "meeting", "Contacts": "contact"}

Steps = Generator[Call, str, str]


# A page by its title


def _after_search(s: Scene[View], pages: tuple[Json, ...], words: dict[str, str], act: Callable[[str], Steps]) -> Task:
    """Something done with a page that is found by its title. `act`: what is done, given its ID."""
    wanted = title(s.pick(pages))
    said, kind = s.enclosed(wanted), {}
    if "row" in s.slots:
        source = s.state.source_of(next(page for page in pages if title(page) == wanted))
        said = s.random.choice((said, f"the {_NAMES.get(title(source), 'entry')} {said}"))
    elif s.random.random() < 0.5:
        said, kind = f"the page {said}", dict(ONLY_PAGES)
    search = Call("API-post-search", {"query": wanted, **kind})

    def script() -> Script:
        page = answers.the_only(answers.results((yield search)), wanted)
        return (yield from act(page["id"]))

    return Task({"entry": said, "row": said, **words}, script())


def _then(s: Scene[View], words: dict[str, str], call: Callable[[str], Call], answer: str) -> Task:
    def act(page: str) -> Steps:
        yield call(page)
        return answer

    return _after_search(s, s.state.titled(_FEW, lambda page: page["parent"]["type"] != "workspace"), words, act)


def find_read(s: Scene[View]) -> Task:
    readable = {page["id"] for page in s.state.readable(3500)}

    def act(page: str) -> Steps:
        return answers.content((yield Call("API-get-block-children", {"block_id": page})))

    return _after_search(s, s.state.titled(_FEW, lambda page: page["id"] in readable), {}, act)


def find_comment(s: Scene[View]) -> Task:
    text = line(s)
    return _then(s, text_slots(s, text), lambda page: commented(page, text), f"I commented “{text}” on it.")


def find_append(s: Scene[View]) -> Task:
    text = line(s)
    return _then(
        s, text_slots(s, text), lambda page: append(page, [block("paragraph", text)]), f"“{text}” is on the page now."
    )


def find_bullets(s: Scene[View]) -> Task:
    items, words = item_list(s)
    children = [block("bulleted_list_item", item) for item in items]
    return _then(s, {"items": words}, lambda page: append(page, children), f"I added {len(items)} bullet points.")


def find_rename(s: Scene[View]) -> Task:
    name = new_title(s)
    return _then(
        s, name_slots(s, name), lambda page: patch(page, properties=titled(name)), f"It is called “{name}” now."
    )


def find_trash(s: Scene[View]) -> Task:
    return _then(s, {}, lambda page: patch(page, in_trash=True), "It is in the trash now.")


def find_icon(s: Scene[View]) -> Task:
    emoji = s.pick(values().emoji)
    return _then(s, {"emoji": emoji}, lambda page: patch(page, icon={"emoji": emoji}), f"Its icon is {emoji} now.")


def find_sub(s: Scene[View]) -> Task:
    name = new_title(s)
    return _then(
        s,
        name_slots(s, name),
        lambda page: new_page({"page_id": page}, titled(name)),
        f"The page “{name}” is below it now.",
    )


def find_set(s: Scene[View]) -> Task:
    """The search shows of what type the property is."""
    row = s.pick(s.state.titled(_FEW, lambda page: page["parent"]["type"] == "data_source_id"))
    column, value = change(s, row)
    properties = {column["name"]: property_value(column["type"], value.value)}

    def act(page: str) -> Steps:
        yield patch(page, properties=properties)
        return f"{column['name']} is “{value.value}” now."

    return _after_search(s, (row,), {"column": s.quoted(column["name"]), "value": value.text}, act)


# A database by its name: the search shows its columns too


def _after_source(s: Scene[View], source: Json, words: dict[str, str], act: Callable[[Json], Steps]) -> Task:
    if length([source]) > 4400:
        raise Unfit("a large database")
    search = Call("API-post-search", {"query": title(source), **ONLY_SOURCES})

    def script() -> Script:
        return (yield from act(answers.the_only(answers.results((yield search)), title(source))))

    return Task({"database": s.quoted(title(source)), **words}, script())


def find_where(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column, value, condition = equal(s, source, lambda rows: short(rows, _FEW))

    def act(found: Json) -> Steps:
        return answers.rows((yield query(found["id"], filter=condition)))

    words = {"column": s.quoted(column["name"]), "value": value_said(s, value).text}
    return _after_source(s, source, words, act)


def find_first(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    number = 2
    if len(s.state.rows_of(source)) <= number or not short(s.state.rows_of(source)[:number]):
        raise Unfit("rows that are too long")

    def act(found: Json) -> Steps:
        return answers.rows((yield query(found["id"], page_size=number)))

    return _after_source(s, source, {"n": s.number(number)}, act)


def find_row(s: Scene[View]) -> Task:
    return _row(s, {}, {})


def find_row_with(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column = s.pick(settable(source))
    value = new_value(s, column)
    properties = {column["name"]: property_value(column["type"], value.value)}
    return _row(s, {"column": s.quoted(column["name"]), "value": value.text}, properties, source)


def _row(s: Scene[View], words: dict[str, str], properties: Json, source: Json | None = None) -> Task:
    name = new_title(s)

    def act(found: Json) -> Steps:
        yield new_page({"database_id": found["parent"]["database_id"]}, {**titled(name), **properties})
        return f"“{name}” is in {title(found)} now."

    return _after_source(s, source or s.pick(s.state.sources), {**name_slots(s, name), **words}, act)


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
    source = s.pick([source for source in s.state.sources if length([source]) <= 4400])
    column, value, condition = equal(s, source, lambda rows: short(rows, _FEW))
    said = source_said(s, source)
    calls = [Call("API-retrieve-a-data-source", {"data_source_id": said.value}), query(said.value, filter=condition)]
    words = {"source": said.text, "column": s.quoted(column["name"]), "value": value_said(s, value).text}
    return several_calls(words, calls, lambda texts: answers.rows(texts[1]))


def look_row(s: Scene[View]) -> Task:
    source = s.pick([source for source in s.state.sources if length([source]) <= 4400])
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
    read, text = s.pick(s.state.readable(3800)), line(s)
    page = page_said(s, read)
    calls = [Call("API-get-block-children", {"block_id": page.value}), commented(page.value, text)]

    def answer(texts: list[str]) -> str:
        return f"{answers.content(texts[0])}\n\nI commented “{text}” on it."

    return several_calls({"page": page.text, **text_slots(s, text)}, calls, answer, read["id"])


def insert_after(s: Scene[View]) -> Task:
    extended = s.pick(s.state.readable(3800))
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
    words, calls = _two(s, s.state.readable(2800), lambda page: Call("API-get-block-children", {"block_id": page}))
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
    find_read,
    find_comment,
    find_append,
    find_bullets,
    find_rename,
    find_trash,
    find_icon,
    find_sub,
    find_set,
    find_where,
    find_first,
    find_row,
    find_row_with,
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
