"""Plans that search for a page or a database by its title, and do something with what was found."""

from __future__ import annotations

from collections.abc import Callable

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
    property_value,
    settable,
    text_slots,
    titled,
    value_said,
)
from training.offline.notion.values import values
from training.offline.notion.view import FEW, MOST, SOME, Json, View, length, title
from training.offline.notion.writing import append, commented, new_page
from training.offline.scene import Scene, named
from training.offline.script import Call, Script, Task, Unfit

_NAMES = {"Tasks": "task", "Meetings": "meeting", "Contacts": "contact"}


# A page by its title


def _after_search(s: Scene[View], pages: tuple[Json, ...], words: dict[str, str], act: Callable[[str], Script]) -> Task:
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
    def act(page: str) -> Script:
        yield call(page)
        return answer

    return _after_search(s, s.state.titled(FEW, lambda page: page["parent"]["type"] != "workspace"), words, act)


def find_read(s: Scene[View]) -> Task:
    readable = {page["id"] for page in s.state.readable(SOME)}

    def act(page: str) -> Script:
        return answers.content((yield Call("API-get-block-children", {"block_id": page})))

    return _after_search(s, s.state.titled(FEW, lambda page: page["id"] in readable), {}, act)


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
    row = s.pick(s.state.titled(FEW, lambda page: page["parent"]["type"] == "data_source_id"))
    column, value = change(s, row)
    properties = {column["name"]: property_value(column["type"], value.value)}

    def act(page: str) -> Script:
        yield patch(page, properties=properties)
        return f"{column['name']} is “{value.value}” now."

    return _after_search(s, (row,), {"column": s.quoted(column["name"]), "value": value.text}, act)


# A database by its name: the search shows its columns too


def _after_source(s: Scene[View], source: Json, words: dict[str, str], act: Callable[[Json], Script]) -> Task:
    if length([source]) > MOST:
        raise Unfit("a large database")
    search = Call("API-post-search", {"query": title(source), **ONLY_SOURCES})

    def script() -> Script:
        return (yield from act(answers.the_only(answers.results((yield search)), title(source))))

    return Task({"database": s.quoted(title(source)), **words}, script())


def find_where(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column, value, condition = equal(s, source, lambda rows: short(rows, FEW))

    def act(found: Json) -> Script:
        return answers.rows((yield query(found["id"], filter=condition)))

    words = {"column": s.quoted(column["name"]), "value": value_said(s, value).text}
    return _after_source(s, source, words, act)


def find_first(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    number = 2
    if len(s.state.rows_of(source)) <= number or not short(s.state.rows_of(source)[:number]):
        raise Unfit("rows that are too long")

    def act(found: Json) -> Script:
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

    def act(found: Json) -> Script:
        yield new_page({"database_id": found["parent"]["database_id"]}, {**titled(name), **properties})
        return f"“{name}” is in {title(found)} now."

    return _after_source(s, source or s.pick(s.state.sources), {**name_slots(s, name), **words}, act)


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
)
