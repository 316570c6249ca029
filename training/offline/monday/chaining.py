"""Plans of several calls about items and boards that the request names by their IDs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from training.offline.monday import answers
from training.offline.monday.looking import info
from training.offline.monday.reading import FILTERED, containing, items_page, updates, values_of
from training.offline.monday.said import (
    board_said,
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
)
from training.offline.monday.view import Json, View
from training.offline.monday.writing import (
    change,
    group_name,
    move_to,
    new_group,
    new_item,
    other_value,
    shown,
    update_of,
)
from training.offline.scene import Scene, named, several_calls
from training.offline.script import Script, Task, Unfit

# First a look at the board


def look_create(s: Scene[View]) -> Task:
    board, name = s.pick(s.state.boards), new_name(s)
    column = s.pick(settable(board))
    value, said = new_value(s, column), board_said(s, board)
    calls = [info(said.value), new_item(said.value, name, {column["id"]: value.value})]
    slots = {"board": said.text, "column": s.quoted(column["title"]), "value": value.text, **name_slots(s, name)}
    return several_calls(
        slots, calls, lambda _: f"The item “{name}” is there, with {column['title']} “{shown(value.value)}”."
    )


def look_change(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    column, value = other_value(s, item)
    calls = [info(int(item["board_id"])), change(item, {column["id"]: value.value})]
    slots = {"entry": entry_said(s, item).text, "column": s.quoted(column["title"]), "value": value.text}
    return several_calls(slots, calls, lambda _: f"{column['title']} is “{shown(value.value)}” now.", item["id"])


def look_move(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    group = other_group(s, item)["title"]
    board, said = board_said(s, s.state.board_of(item)), item_said(s, item)

    def script() -> Script:
        found = answers.board((yield info(board.value)))
        yield move_to(said.value, answers.group_id(found, group))
        return f"The item is in {group} now."

    slots = {"board": board.text, "item": said.text, "grouptitle": s.enclosed(group)}
    return Task(slots, script(), item["id"])


# Something new, and then something with it


def group_item(s: Scene[View]) -> Task:
    board, name = s.pick(s.state.boards), new_name(s)
    said, group = board_said(s, board), group_name(s, board)

    def script() -> Script:
        made = answers.read((yield new_group(said.value, group)))
        yield new_item(said.value, name, groupId=made["group_id"])
        return f"The group “{group}” is there, with the item “{name}”."

    return Task({"board": said.text, "group": s.enclosed(group), **name_slots(s, name)}, script())


def group_move(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    board = s.state.board_of(item)
    said, moved, group = board_said(s, board), item_said(s, item), group_name(s, board)

    def script() -> Script:
        made = answers.read((yield new_group(said.value, group)))
        yield move_to(moved.value, made["group_id"])
        return f"The group “{group}” is there, and the item is in it."

    return Task({"board": said.text, "item": moved.text, "group": s.enclosed(group)}, script(), item["id"])


def item_update(s: Scene[View]) -> Task:
    said, name, text = board_said(s, s.pick(s.state.boards)), new_name(s), line(s)

    def script() -> Script:
        made = answers.read((yield new_item(said.value, name)))
        yield update_of(made["item_id"], text)
        return f"The item “{name}” is there, and I posted “{text}” on it."

    return Task({"board": said.text, **name_slots(s, name), **text_slots(s, text)}, script())


def reply_last(s: Scene[View]) -> Task:
    item, text = s.pick([item for item in s.state.items if s.state.updates_of(item)]), line(s)
    said = item_said(s, item)

    def script() -> Script:
        newest = answers.read((yield updates(said.value)))["updates"][0]
        yield update_of(said.value, text, parentId=int(newest["id"]))
        return f"{newest['creator']['name']} wrote: {newest['text_body']} I replied “{text}”."

    return Task({"item": said.text, **text_slots(s, text)}, script(), item["id"])


# The one item that a filter finds


def _after_filter(s: Scene[View], board: Json, slots: Mapping[str, str], act: Callable[[Json], Script]) -> Task:
    column, text = s.pick(values_of(s, board, FILTERED, lambda number: number == 1))
    said = board_said(s, board)

    def script() -> Script:
        found = answers.items((yield items_page(said.value, filters=[containing(column["id"], text)])))
        if len(found) != 1:
            raise Unfit("not exactly one is found")
        return (yield from act(found[0]))

    words = {"board": said.text, "columnid": s.quoted(column["id"]), "value": s.quoted(text)}
    return Task({**words, **slots}, script())


def where_update(s: Scene[View]) -> Task:
    text = line(s)

    def act(found: Json) -> Script:
        yield update_of(found["id"], text)
        return f"It is “{found['name']}”, and I posted “{text}” on it."

    return _after_filter(s, s.pick(s.state.boards), text_slots(s, text), act)


def where_move(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    group = group_said(s, s.pick(board["groups"]))

    def act(found: Json) -> Script:
        yield move_to(found["id"], group.value)
        return f"It is “{found['name']}”, and it is in {group.value} now."

    return _after_filter(s, board, {"groupid": group.text}, act)


# Twice the same


def update_two(s: Scene[View]) -> Task:
    text = line(s)
    one, other = (item_said(s, item) for item in s.sample(s.state.items, 2, 2))
    calls = [update_of(said.value, text) for said in (one, other)]
    slots = {"item": one.text, "item2": other.text, **text_slots(s, text)}
    return several_calls(slots, calls, lambda _: f"I posted “{text}” on both items.")


def move_two(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    group = s.pick(board["groups"])
    others = [item for item in s.state.items_of(board) if item["group_id"] != group["id"]]
    (one, other), into = (item_said(s, item) for item in s.sample(others, 2, 2)), group_said(s, group)
    calls = [move_to(said.value, into.value) for said in (one, other)]
    slots = {"item": one.text, "item2": other.text, "groupid": into.text}
    return several_calls(slots, calls, lambda _: f"Both items are in {into.value} now.")


def create_two(s: Scene[View]) -> Task:
    said, one = board_said(s, s.pick(s.state.boards)), new_name(s)
    other = new_name(s, one)
    calls = [new_item(said.value, name) for name in (one, other)]
    slots = {"board": said.text, "name": s.enclosed(one), "name2": s.enclosed(other)}
    return several_calls(slots, calls, lambda _: f"The items “{one}” and “{other}” are there.")


def updates_two(s: Scene[View]) -> Task:
    some = [item for item in s.state.items if s.state.updates_of(item)]
    one, other = (item_said(s, item) for item in s.sample(some, 2, 2))
    calls = [updates(said.value) for said in (one, other)]
    return several_calls(
        {"item": one.text, "item2": other.text}, calls, lambda texts: "\n\n".join(map(answers.updates, texts))
    )


PLANS = named(
    look_create,
    look_change,
    look_move,
    group_item,
    group_move,
    item_update,
    reply_last,
    where_update,
    where_move,
    update_two,
    move_two,
    create_two,
    updates_two,
)
