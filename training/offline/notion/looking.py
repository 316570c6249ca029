"""Plans that look at one page or at how a database is built."""

from __future__ import annotations

from collections.abc import Callable

from training.offline.answers import counted
from training.offline.notion import answers
from training.offline.notion.said import page_said, source_said
from training.offline.notion.view import MOST, Json, View, held, length, title
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task

_CALLED = {
    "Due": ("due date", "Due date", "Due"),
    "Hours": ("number of hours", "hours", "Hours"),
    "Email": ("e-mail address", "email address", "Email"),
    "Phone": ("phone number", "phone"),
    "Last contact": ("date of the last contact", "last contact"),
    "Minutes sent": (),
    "Edited": (),
    "Town": ("town", "Town"),
}
"""What people call properties; others by their names, in lower case or not. An empty one is not asked for like this."""


# A page's own facts


def _page(s: Scene[View], answer: Callable[[Json], str]) -> Task:
    said_of = s.pick(s.state.pages)
    page = page_said(s, said_of, hyphens="id" in s.slots)
    call = Call("API-retrieve-a-page", {"page_id": page.value})
    words = {"page": page.text, "id": page.value}
    return one_call(words, call, lambda text: answer(answers.read(text)), said_of["id"])


def page_get(s: Scene[View]) -> Task:
    return _page(s, answers.properties)


def page_edited(s: Scene[View]) -> Task:
    return _page(
        s,
        lambda page: (
            f"“{title(page)}” was created {answers.moment(page['created_time'])} and last edited "
            f"{answers.moment(page['last_edited_time'])}."
        ),
    )


def page_place(s: Scene[View]) -> Task:
    def answer(page: Json) -> str:
        parent = page["parent"]
        if parent["type"] == "workspace":
            return f"“{title(page)}” is at the top of the workspace."
        kind = "the page" if parent["type"] == "page_id" else "the data source"
        return f"“{title(page)}” is in {kind} {parent[parent['type']]}."

    return _page(s, answer)


def page_trashed(s: Scene[View]) -> Task:
    return _page(
        s,
        lambda page: f"“{title(page)}” is {'in the trash' if page['in_trash'] else 'not in the trash, nor archived'}.",
    )


def page_value(s: Scene[View]) -> Task:
    row = s.pick(s.state.rows)
    names = [
        name
        for name, value in row["properties"].items()
        if value["type"] != "title" and held(value) not in (None, "", []) and _CALLED.get(name, True)
    ]
    name = s.pick(names)
    page = page_said(s, row)
    call = Call("API-retrieve-a-page", {"page_id": page.value})
    called = s.random.choice(_CALLED.get(name, (name, name.lower())))
    words = {"row": page.text, "prop": called}
    return one_call(
        words, call, lambda text: f"{name}: {answers.told(answers.read(text)['properties'][name])}", row["id"]
    )


# A page's content


def content_all(s: Scene[View]) -> Task:
    return _content(s, answers.content)


def content_count(s: Scene[View]) -> Task:
    return _content(s, lambda text: f"The page has {counted(len(answers.results(text)), 'block')}.")


def _content(s: Scene[View], answer: Callable[[str], str]) -> Task:
    read = s.pick(s.state.readable())
    page = page_said(s, read, hyphens="id" in s.slots)
    call = Call("API-get-block-children", {"block_id": page.value})
    return one_call({"page": page.text, "id": page.value}, call, answer, read["id"])


def content_first(s: Scene[View]) -> Task:
    number = s.random.choice((2, 3, 3, 4, 5, 6))
    read = s.pick([page for page in s.state.pages if len(s.state.blocks(page)) > number])
    page = page_said(s, read, hyphens="id" in s.slots)
    call = Call("API-get-block-children", {"block_id": page.value, "page_size": number})
    return one_call({"page": page.text, "id": page.value, "n": s.number(number)}, call, answers.content, read["id"])


# Databases


def _source(s: Scene[View], where: Callable[[Json], list[str]], answer: Callable[[Json, str], str]) -> Task:
    source = s.pick([source for source in s.state.sources if length([source]) <= MOST])
    said = source_said(s, source)
    column = s.pick(where(source))
    call = Call("API-retrieve-a-data-source", {"data_source_id": said.value})
    words = {"source": said.text, "id": said.value, "column": s.quoted(column)}
    return one_call(words, call, lambda text: answer(answers.read(text), column))


def source_get(s: Scene[View]) -> Task:
    return _source(s, lambda source: list(source["properties"]), lambda source, _: answers.schema(source))


def source_options(s: Scene[View]) -> Task:
    def choices(source: Json) -> list[str]:
        return [name for name, column in source["properties"].items() if column[column["type"]].get("options")]

    def answer(source: Json, name: str) -> str:
        column = source["properties"][name]
        options = [option["name"] for option in column[column["type"]]["options"]]
        return f"{name} can be {', '.join(options)}."

    return _source(s, choices, answer)


def source_type(s: Scene[View]) -> Task:
    def answer(source: Json, name: str) -> str:
        return f"{name} is of the type {source['properties'][name]['type']}."

    return _source(s, lambda source: list(source["properties"]), answer)


PLANS = named(
    page_get,
    page_edited,
    page_place,
    page_trashed,
    page_value,
    content_all,
    content_count,
    content_first,
    source_get,
    source_options,
    source_type,
)
