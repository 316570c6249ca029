"""Plans for what changes an account: groups, items, values, updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.offline.monday import answers
from training.offline.monday.said import (
    Said,
    assigned,
    board_said,
    column_values,
    entry_said,
    group_said,
    item_said,
    line,
    name_slots,
    new_name,
    new_value,
    other_group,
    settable,
    text_slots,
    typed,
)
from training.offline.monday.values import values
from training.offline.monday.view import Json, View
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task, Unfit

_COLORS = (
    *("#037f4c", "#00c875", "#9cd326", "#cab641", "#ffcb00", "#784bd1", "#9d50dd", "#007eb5", "#579bfc", "#66ccff"),
    *("#bb3354", "#df2f4a", "#ff007f", "#ff5ac4", "#ff642e", "#fdab3d", "#7f5347", "#c4c4c4", "#757575"),
)
"""Those that the tool takes."""

# Groups


def new_group(board: int, name: str, **arguments: Any) -> Call:
    return Call("create_group", {"boardId": str(board), "groupName": name, **arguments})


def group_name(s: Scene[View], board: Json) -> str:
    """A name that no group of the board has."""
    taken = {group["title"] for group in board["groups"]}
    return s.pick([name for name in values().groups if name not in taken])


def _group(s: Scene[View], board: Json, slots: Mapping[str, str], **arguments: Any) -> Task:
    said, name = board_said(s, board), group_name(s, board)

    def answer(text: str) -> str:
        return f"The group “{name}” is there, with the ID {answers.read(text)['group_id']}."

    words = {"board": said.text, **name_slots(s, name), **slots}
    return one_call(words, new_group(said.value, name, **arguments), answer)


def group_new(s: Scene[View]) -> Task:
    return _group(s, s.pick(s.state.boards), {})


def group_color(s: Scene[View]) -> Task:
    color = s.pick(_COLORS)
    return _group(s, s.pick(s.state.boards), {"color": color}, groupColor=color)


def group_after(s: Scene[View]) -> Task:
    return _beside(s, "after_at")


def group_before(s: Scene[View]) -> Task:
    return _beside(s, "before_at")


def _beside(s: Scene[View], method: str) -> Task:
    board = s.pick(s.state.boards)
    group = group_said(s, s.pick(board["groups"]))
    return _group(s, board, {"group": group.text}, relativeTo=group.value, positionRelativeMethod=method)


# Items


def new_item(board: int, name: str, written: Mapping[str, Any] | None = None, **arguments: Any) -> Call:
    return Call(
        "create_item", {"boardId": board, "name": name, "columnValues": column_values(written or {}), **arguments}
    )


def _item(
    s: Scene[View], board: Json, slots: Mapping[str, str], written: Mapping[str, Any] | None = None, **arguments: Any
) -> Task:
    said, name = board_said(s, board), new_name(s)
    words = {"board": said.text, **name_slots(s, name), **slots}
    return one_call(words, new_item(said.value, name, written, **arguments), made)


def made(text: str) -> str:
    item = answers.read(text)
    return f"The item “{item['item_name']}” is there, with the ID {item['item_id']}."


def item_new(s: Scene[View]) -> Task:
    return _item(s, s.pick(s.state.boards), {})


def item_in(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    group = group_said(s, s.pick(board["groups"]))
    return _item(s, board, {"group": group.text}, groupId=group.value)


def item_with(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    written, words = assigned(s, s.sample(settable(board), 1, 2))
    return _item(s, board, {"assigned": words}, written)


def item_sub(s: Scene[View]) -> Task:
    return _like(s, "parentItemId")


def item_copy(s: Scene[View]) -> Task:
    return _like(s, "duplicateFromItemId")


def _like(s: Scene[View], argument: str) -> Task:
    """A new item that has to do with another."""
    item = s.pick(s.state.items)
    entry, name = entry_said(s, item), new_name(s)
    call = new_item(int(item["board_id"]), name, **{argument: entry.value})
    return one_call({"entry": entry.text, **name_slots(s, name)}, call, made)


# Values


def change(item: Json, written: Mapping[str, Any]) -> Call:
    return Call(
        "change_item_column_values",
        {"boardId": int(item["board_id"]), "itemId": int(item["id"]), "columnValues": column_values(written)},
    )


def other_value(s: Scene[View], item: Json) -> tuple[Json, Said]:
    """A column of an item, and another value than it has."""
    column = s.pick(settable(s.state.board_of(item)))
    value = new_value(s, column)
    if s.state.text(item, column) in (value.value, *_texts(value.value)):
        raise Unfit("it has this value already")
    return column, value


def _texts(value: Any) -> list[str]:
    """What people see of a column value."""
    if not isinstance(value, dict):
        return [str(value)]
    return [", ".join(each) if isinstance(each, list) else str(each) for each in value.values()]


def shown(value: Any) -> str:
    """A column value in an answer."""
    return _texts(value)[0]


def _changed(s: Scene[View], item: Json, slots: Mapping[str, str], written: Mapping[str, Any], answer: str) -> Task:
    return one_call({"entry": entry_said(s, item).text, **slots}, change(item, written), lambda _: answer, item["id"])


def change_value(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    column, value = other_value(s, item)
    slots = {"typed": typed(s, column), "value": value.text}
    answer = f"{column['title']} is “{shown(value.value)}” now."
    return _changed(s, item, slots, {column["id"]: value.value}, answer)


def change_more(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    written, words = assigned(s, s.sample(settable(s.state.board_of(item)), 2, 2))
    return _changed(s, item, {"assigned": words}, written, f"{' and '.join(written)} are set.")


def change_name(s: Scene[View]) -> Task:
    item, name = s.pick(s.state.items), new_name(s)
    return _changed(s, item, name_slots(s, name), {"name": name}, f"The item is called “{name}” now.")


def assign(s: Scene[View]) -> Task:
    options = [
        (item, column)
        for item in s.state.items
        for column in s.state.board_of(item)["columns"]
        if column["type"] == "people"
    ]
    item, column = s.pick(options)
    user = s.pick([user for user in s.state.users if s.state.text(item, column) != user["name"]])
    people = {"personsAndTeams": [{"id": int(user["id"]), "kind": "person"}]}
    called = s.random.choice((user["id"], user["id"], f"{user['name']} ({user['id']})", f"with the ID {user['id']}"))
    slots = {"user": called, "column": s.quoted(column["id"])}
    return _changed(s, item, slots, {column["id"]: people}, f"{column['title']} is the user {user['id']} now.")


# Groups of items


def move_to(item: int | str, group: str) -> Call:
    return Call("move_item_to_group", {"itemId": int(item), "groupId": group})


def move(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    group, said = group_said(s, other_group(s, item)), item_said(s, item)
    slots = {"item": said.text, "id": str(said.value), "group": group.text, "groupid": group.value}
    return one_call(slots, move_to(said.value, group.value), lambda _: f"The item is in {group.value} now.", item["id"])


# Updates


def update_of(item: int | str, text: str, **arguments: Any) -> Call:
    return Call("create_update", {"itemId": int(item), "body": text, **arguments})


def update(s: Scene[View]) -> Task:
    item, text = s.pick(s.state.items), line(s)
    said = item_said(s, item)
    slots = {"item": said.text, "id": str(said.value), **text_slots(s, text)}
    return one_call(slots, update_of(said.value, text), lambda _: f"I posted “{text}” on the item.", item["id"])


def reply(s: Scene[View]) -> Task:
    item = s.pick([item for item in s.state.items if s.state.updates_of(item)])
    past, text = s.pick(s.state.updates_of(item)), line(s)
    said = item_said(s, item)
    call = update_of(said.value, text, parentId=int(past["id"]))
    slots = {"item": said.text, "update": past["id"], **text_slots(s, text)}
    return one_call(slots, call, lambda _: f"I replied “{text}” to the update {past['id']}.", item["id"])


PLANS = named(
    group_new,
    group_color,
    group_after,
    group_before,
    item_new,
    item_in,
    item_with,
    item_sub,
    item_copy,
    change_value,
    change_more,
    change_name,
    assign,
    move,
    update,
    reply,
)
