"""Plans for what a user says next, about the item that was spoken of, and for what needs no tool."""

from __future__ import annotations

import json
from collections.abc import Mapping

from training.offline.monday import answers
from training.offline.monday.reading import updates
from training.offline.monday.said import group_said, line, other_group, text_slots
from training.offline.monday.view import Json, View
from training.offline.monday.writing import move_to, update_of
from training.offline.scene import Scene, named, no_call, one_call
from training.offline.script import Task
from training.offline.small_talk import abilities, chat, creative, knowledge, thanks

_MADE = ("item_new", "item_in", "item_with")
_CHANGED = ("change_value", "change_name", "move")
_READ = ("item_values", "updates_item")

EARLIER: Mapping[str, tuple[str, ...]] = {
    "it_update": (*_MADE, *_CHANGED, *_READ),
    "it_updates": (*_CHANGED, "item_values", "update"),
    "it_move": (*_MADE, *_READ, "change_value", "update"),
    "thanks": (*_MADE, *_CHANGED, *_READ, "update", "group_new", "board_info", "items_all", "search_items"),
}
"""For each plan that follows on another, those that it may follow."""


def _it(s: Scene[View]) -> Json:
    """The item that was spoken of, or made."""
    identifier = s.before.about or json.loads(s.before.results[-1])["item_id"]
    return s.pick([item for item in s.state.items if item["id"] == identifier])


def it_update(s: Scene[View]) -> Task:
    text = line(s)
    return one_call(text_slots(s, text), update_of(_it(s)["id"], text), lambda _: f"I posted “{text}” on it.")


def it_updates(s: Scene[View]) -> Task:
    return one_call({}, updates(int(_it(s)["id"])), answers.updates)


def it_move(s: Scene[View]) -> Task:
    item = _it(s)
    group = group_said(s, other_group(s, item))
    call = move_to(item["id"], group.value)
    return one_call({"groupid": group.text}, call, lambda _: f"It is in {group.value} now.")


# Nothing to do


def impossible(s: Scene[View]) -> Task:
    """About an item or a board that is there, but nothing that a tool does."""
    item, board = s.pick(s.state.items), s.pick(s.state.boards)
    person = s.random.choice(s.world.people).first
    return no_call({"title": s.enclosed(item["name"]), "boardname": s.quoted(board["name"]), "person": person})


PLANS = named(it_update, it_updates, it_move, thanks, chat, knowledge, creative, abilities, impossible)
