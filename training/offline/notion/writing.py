"""Plans for new pages and rows, and for what is added to a page: content and comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.offline.notion import answers
from training.offline.notion.said import (
    assigned,
    base_said,
    block,
    item_list,
    line,
    name_slots,
    new_title,
    page_said,
    parent_said,
    rich,
    settable,
    text_slots,
    titled,
)
from training.offline.notion.values import values
from training.offline.notion.view import Json, View
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task

# New pages


def new_page(parent: Json, properties: Json, children: Sequence[Json] = ()) -> Call:
    content = {"children": list(children)} if children else {}
    return Call("API-post-page", {"parent": parent, "properties": properties, **content})


def _made(text: str) -> str:
    page = answers.read(text)
    return f"The new page has the ID {page['id']}: {page['url']}"


def page_new(s: Scene[View]) -> Task:
    parent, name = parent_said(s), new_title(s)
    call = new_page({"page_id": parent.value}, titled(name))
    return one_call({"parent": parent.text, **name_slots(s, name)}, call, _made)


def page_text(s: Scene[View]) -> Task:
    parent, name, text = parent_said(s), new_title(s), line(s)
    call = new_page({"page_id": parent.value}, titled(name), [block("paragraph", text)])
    return one_call({"parent": parent.text, **name_slots(s, name), **text_slots(s, text)}, call, _made)


def row_new(s: Scene[View]) -> Task:
    base, name = base_said(s, s.pick(s.state.sources)), new_title(s)
    call = new_page({"database_id": base.value}, titled(name))
    return one_call({"base": base.text, **name_slots(s, name)}, call, _made)


def row_with(s: Scene[View]) -> Task:
    source, name = s.pick(s.state.sources), new_title(s)
    base = base_said(s, source)
    properties, words = assigned(s, s.sample(settable(source), 1, 2))
    call = new_page({"database_id": base.value}, {**titled(name), **properties})
    return one_call({"base": base.text, **name_slots(s, name), "assigned": words}, call, _made)


# More content


def append(page: str, children: Sequence[Json], **arguments: Any) -> Call:
    return Call("API-patch-block-children", {"block_id": page, "children": list(children), **arguments})


def _appended(s: Scene[View], children: Sequence[Json], words: dict[str, str], answer: str) -> Task:
    extended = s.pick(s.state.pages)
    page = page_said(s, extended, hyphens="id" in s.slots)
    words = {"page": page.text, "id": page.value, **words}
    return one_call(words, append(page.value, children), lambda _: answer, extended["id"])


def add_text(s: Scene[View]) -> Task:
    text = line(s)
    return _appended(s, [block("paragraph", text)], text_slots(s, text), f"“{text}” is on the page now.")


def add_todo(s: Scene[View]) -> Task:
    text = line(s)
    return _appended(s, [block("to_do", text)], text_slots(s, text), f"The to-do “{text}” is on the page now.")


def add_heading(s: Scene[View]) -> Task:
    text = s.pick(values().headings)
    return _appended(s, [block("heading_2", text)], text_slots(s, text), f"The page has the heading “{text}” now.")


def add_bullets(s: Scene[View]) -> Task:
    return _listed(s, "bulleted_list_item", "bullet points")


def add_todos(s: Scene[View]) -> Task:
    return _listed(s, "to_do", "to-dos")


def _listed(s: Scene[View], kind: str, called: str) -> Task:
    items, words = item_list(s)
    children = [block(kind, item) for item in items]
    return _appended(s, children, {"items": words}, f"I added {len(items)} {called} to the page.")


def add_after(s: Scene[View]) -> Task:
    extended = s.pick([page for page in s.state.pages if s.state.blocks(page)])
    blocks = [each["id"] for each in s.state.blocks(extended) if each["object"] == "block"]
    page, after, text = page_said(s, extended), s.pick(blocks), line(s)
    call = append(page.value, [block("paragraph", text)], after=after)
    words = {"page": page.text, "block": after, **text_slots(s, text)}
    return one_call(words, call, lambda _: f"“{text}” stands after that block now.", extended["id"])


# Comments


def commented(page: str, text: str) -> Call:
    return Call("API-create-a-comment", {"parent": {"page_id": page}, "rich_text": rich(text)})


def comment(s: Scene[View]) -> Task:
    page_of = s.pick(s.state.pages)
    page, text = page_said(s, page_of, hyphens="id" in s.slots), line(s)
    words = {"page": page.text, "id": page.value, **text_slots(s, text)}
    return one_call(words, commented(page.value, text), lambda _: f"I commented “{text}” on the page.", page_of["id"])


PLANS = named(
    page_new,
    page_text,
    row_new,
    row_with,
    add_text,
    add_todo,
    add_heading,
    add_bullets,
    add_todos,
    add_after,
    comment,
)
