"""Plans for what a user says next, about the page that was spoken of, and for what needs no tool."""

from __future__ import annotations

import json
from collections.abc import Mapping

from training.offline.notion import answers
from training.offline.notion.changing import patch
from training.offline.notion.said import block, line, text_slots
from training.offline.notion.view import SOME, Json, View, length, title
from training.offline.notion.writing import append, commented
from training.offline.scene import Scene, named, no_call, one_call
from training.offline.script import Call, Task, Unfit
from training.offline.small_talk import abilities, chat, creative, knowledge, thanks

_LOOKED = ("page_get", "page_edited", "page_value", "page_place")
_MADE = ("page_new", "row_new")
_READ = ("content_all", "content_first")
_CHANGED = ("rename", "set_icon", "set_property", "add_text")

EARLIER: Mapping[str, tuple[str, ...]] = {
    "it_read": (*_LOOKED, *_CHANGED),
    "it_comment": (*_LOOKED, *_MADE, *_READ, *_CHANGED),
    "it_append": (*_LOOKED, *_MADE, *_READ, "rename"),
    "it_trash": (*_LOOKED, *_MADE, *_READ),
    "thanks": (*_LOOKED, *_MADE, *_READ, *_CHANGED, "search_title", "query_first", "source_get", "comment"),
}
"""For each plan that follows on another, those that it may follow."""


def _it(s: Scene[View]) -> Json:
    """The page that was spoken of, or made."""
    identifier = s.before.about or json.loads(s.before.results[-1])["id"]
    return s.pick([page for page in s.state.pages if page["id"] == identifier])


def it_read(s: Scene[View]) -> Task:
    page = _it(s)
    if not 0 < length(s.state.blocks(page)) <= SOME:
        raise Unfit("no content, or too much")
    return one_call({}, Call("API-get-block-children", {"block_id": page["id"]}), answers.content)


def it_comment(s: Scene[View]) -> Task:
    page, text = _it(s), line(s)
    return one_call(text_slots(s, text), commented(page["id"], text), lambda _: f"I commented “{text}” on it.")


def it_append(s: Scene[View]) -> Task:
    page, text = _it(s), line(s)
    call = append(page["id"], [block("paragraph", text)])
    return one_call(text_slots(s, text), call, lambda _: f"“{text}” is on the page now.")


def it_trash(s: Scene[View]) -> Task:
    return one_call({}, patch(_it(s)["id"], in_trash=True), lambda _: "It is in the trash now.")


# Nothing to do


def impossible(s: Scene[View]) -> Task:
    """About a page that is there, but nothing that a tool does."""
    page = s.pick(s.state.pages)
    return no_call({"title": s.enclosed(title(page)), "person": s.random.choice(s.world.people).first})


PLANS = named(it_read, it_comment, it_append, it_trash, thanks, chat, knowledge, creative, abilities, impossible)
