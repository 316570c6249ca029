"""Plans that search for an item or a board by its name, and do something with what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from training.offline.monday import answers
from training.offline.monday.looking import info, search
from training.offline.monday.reading import FILTERED, containing, items_page, updates, values_of
from training.offline.monday.said import (
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
from training.offline.scene import Scene, named
from training.offline.script import Script, Task

# An item by its name


def _after_item(s: Scene[View], item: Json, slots: Mapping[str, str], act: Callable[[Json], Script]) -> Task:
    """Something done with an item that a search finds. `act`: what is done, given what the search says of it."""
    wanted = item["name"]
    said = s.enclosed(wanted)
    said = s.random.choice((said, f"the item {said}", f"the item {said}", f"the task {said}"))

    def script() -> Script:
        found = answers.the_only(answers.hits((yield search(wanted, "ITEMS"))), wanted)
        return (yield from act(found))

    return Task({"found": said, **slots}, script(), item["id"])


def find_update(s: Scene[View]) -> Task:
    text = line(s)

    def act(found: Json) -> Script:
        yield update_of(found["id"], text)
        return f"I posted “{text}” on it."

    return _after_item(s, s.pick(s.state.findable()), text_slots(s, text), act)


def find_updates(s: Scene[View]) -> Task:
    def act(found: Json) -> Script:
        return answers.updates((yield updates(found["id"])))

    return _after_item(s, s.pick([item for item in s.state.findable() if s.state.updates_of(item)]), {}, act)


def find_values(s: Scene[View]) -> Task:
    def act(found: Json) -> Script:
        call = items_page(int(found["boardId"]), itemIds=[int(found["id"])], includeColumns=True)
        return answers.detailed((yield call))

    return _after_item(s, s.pick(s.state.findable()), {}, act)


def find_move(s: Scene[View]) -> Task:
    item = s.pick(s.state.findable())
    group = other_group(s, item)["title"]

    def act(found: Json) -> Script:
        board = answers.board((yield info(int(found["boardId"]))))
        yield move_to(found["id"], answers.group_id(board, group))
        return f"It is in {group} now."

    return _after_item(s, item, {"grouptitle": s.enclosed(group)}, act)


def find_change(s: Scene[View]) -> Task:
    item = s.pick(s.state.findable())
    column, value = other_value(s, item)

    def act(found: Json) -> Script:
        yield info(int(found["boardId"]))
        yield change(item, {column["id"]: value.value})
        return f"{column['title']} is “{shown(value.value)}” now."

    return _after_item(s, item, {"column": s.quoted(column["title"]), "value": value.text}, act)


# A board by its name


def _after_board(s: Scene[View], board: Json, slots: Mapping[str, str], act: Callable[[int], Script]) -> Task:
    wanted = board["name"]

    def script() -> Script:
        found = answers.the_only(answers.hits((yield search(wanted, "BOARD"))), wanted)
        return (yield from act(int(found["id"])))

    return Task({"boardname": s.quoted(wanted), **slots}, script())


def find_info(s: Scene[View]) -> Task:
    def act(board: int) -> Script:
        return answers.overview((yield info(board)))

    return _after_board(s, s.pick(s.state.boards), {}, act)


def find_items(s: Scene[View]) -> Task:
    def act(board: int) -> Script:
        return answers.listed((yield items_page(board)))

    return _after_board(s, s.pick(s.state.boards), {}, act)


def find_where(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    column, text = s.pick(values_of(s, board, FILTERED, lambda number: number <= 6))

    def act(found: int) -> Script:
        yield info(found)
        return answers.listed((yield items_page(found, filters=[containing(column["id"], text)])))

    return _after_board(s, board, {"column": s.quoted(column["title"]), "value": s.quoted(text)}, act)


def find_create(s: Scene[View]) -> Task:
    return _created(s, lambda board: ({}, {}, {}), looks=False)


def find_create_with(s: Scene[View]) -> Task:
    def drawn(board: Json) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        column = s.pick(settable(board))
        value = new_value(s, column)
        return {"column": s.quoted(column["title"]), "value": value.text}, {column["id"]: value.value}, {}

    return _created(s, drawn)


def find_create_in(s: Scene[View]) -> Task:
    def drawn(board: Json) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        group = s.pick(board["groups"])
        return {"grouptitle": s.enclosed(group["title"])}, {}, {"groupId": group["id"]}

    return _created(s, drawn)


def _created(
    s: Scene[View],
    drawn: Callable[[Json], tuple[dict[str, str], dict[str, Any], dict[str, Any]]],
    *,
    looks: bool = True,
) -> Task:
    """A new item. `drawn`: slots, values and arguments of its own; with `looks` the board is looked at before."""
    board, name = s.pick(s.state.boards), new_name(s)
    slots, written, arguments = drawn(board)

    def act(found: int) -> Script:
        if looks:
            yield info(found)
        yield new_item(found, name, written, **arguments)
        return f"The item “{name}” is there."

    return _after_board(s, board, {**name_slots(s, name), **slots}, act)


def find_group(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    name = group_name(s, board)

    def act(found: int) -> Script:
        yield new_group(found, name)
        return f"The group “{name}” is there."

    return _after_board(s, board, name_slots(s, name), act)


PLANS = named(
    find_update,
    find_updates,
    find_values,
    find_move,
    find_change,
    find_info,
    find_items,
    find_where,
    find_create,
    find_create_with,
    find_create_in,
    find_group,
)
