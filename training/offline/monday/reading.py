"""Plans for the items of a board, and for updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from training.offline.monday import answers
from training.offline.monday.said import board_said, day_said, entry_said, group_said, item_said
from training.offline.monday.view import Json, View
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task
from training.offline.words import telling_words

FILTERED = frozenset({"status", "dropdown", "text", "email"})
"""Types of columns that are filtered by what people see in them."""
_TEXTUAL = FILTERED | {"name"}
_ORDERED = frozenset({"name", "date", "numbers"})
_LABELLED = frozenset({"status", "dropdown"})
_OPTIONAL = frozenset({"date", "numbers", "dropdown", "long_text"})
_MOST = 12
"""Items that a filter may find."""

# Items


def items_page(board: int, **arguments: Any) -> Call:
    return Call("get_board_items_page", {"boardId": board, **arguments})


def containing(column: str, text: str) -> Json:
    """A filter for what people see in a column, labels included."""
    return {"columnId": column, "compareValue": text, "operator": "contains_text"}


def _board(s: Scene[View]) -> Json:
    return s.pick([board for board in s.state.boards if len(s.state.items_of(board)) > 2])


def _page(
    s: Scene[View],
    board: Json,
    slots: dict[str, str],
    answer: Callable[[str], str] = answers.listed,
    **arguments: Any,
) -> Task:
    said = board_said(s, board)
    return one_call({"board": said.text, "id": str(said.value), **slots}, items_page(said.value, **arguments), answer)


def items_all(s: Scene[View]) -> Task:
    return _page(s, _board(s), {})


def items_first(s: Scene[View]) -> Task:
    number = s.random.choice((2, 3, 3, 4, 5, 5, 6, 10))
    return _page(s, _board(s), {"n": s.number(number)}, limit=number)


def items_values(s: Scene[View]) -> Task:
    number = s.random.choice((2, 3, 3, 4, 5))
    return _page(s, _board(s), {"n": s.number(number)}, answers.detailed, limit=number, includeColumns=True)


def item_values(s: Scene[View]) -> Task:
    item = s.pick(s.state.items)
    said = entry_said(s, item)
    call = items_page(int(item["board_id"]), itemIds=[said.value], includeColumns=True)
    return one_call({"entry": said.text}, call, answers.detailed, item["id"])


def items_about(s: Scene[View]) -> Task:
    board = _board(s)
    item = s.pick(s.state.items_of(board))
    words = s.pick(telling_words(item["name"]))
    return _page(s, board, {"word": s.quoted(words.lower())}, searchTerm=words.lower())


# Filters


def values_of(
    s: Scene[View], board: Json, kinds: frozenset[str], fits: Callable[[int], bool]
) -> list[tuple[Json, str]]:
    """Columns of these types with texts that so many items have in them."""
    found = []
    for column in board["columns"]:
        if column["type"] not in kinds:
            continue
        texts = [s.state.text(item, column) for item in s.state.items_of(board)]
        parts = [part for text in texts for part in _parts(column, text)]
        found += [
            (column, part)
            for part in dict.fromkeys(parts)
            if fits(sum(part.casefold() in text.casefold() for text in texts))
        ]
    return found


def _parts(column: Json, text: str) -> Sequence[str]:
    """What somebody would look for of a text."""
    if column["type"] == "name":
        return telling_words(text)
    return [part for part in text.split(", ") if part]


def _contained(s: Scene[View], operator: str, kinds: frozenset[str], fits: Callable[[int], bool]) -> Task:
    board = _board(s)
    column, text = _one_column(s, values_of(s, board, kinds, fits))
    slots = {"column": s.quoted(column["id"]), "value": s.quoted(text)}
    return _page(s, board, slots, filters=[{**containing(column["id"], text), "operator": operator}])


def _one_column(s: Scene[View], found: Sequence[tuple[Json, str]]) -> tuple[Json, str]:
    """One of these, every column as likely as the others."""
    wanted = s.pick(list(dict.fromkeys(column["id"] for column, _ in found)))
    return s.pick([(column, text) for column, text in found if column["id"] == wanted])


def items_where(s: Scene[View]) -> Task:
    return _contained(s, "contains_text", _TEXTUAL, lambda number: number <= _MOST)


def items_not(s: Scene[View]) -> Task:
    return _contained(s, "not_contains_text", _LABELLED, lambda number: number > 1)


def items_above(s: Scene[View]) -> Task:
    return _compared(s, "greater_than")


def items_below(s: Scene[View]) -> Task:
    return _compared(s, "lower_than")


def _compared(s: Scene[View], operator: str) -> Task:
    board = _board(s)
    column = s.pick([column for column in board["columns"] if column["type"] == "numbers"])
    numbers = sorted(int(text) for item in s.state.items_of(board) if (text := s.state.text(item, column)).isdigit())
    bound = s.pick(numbers[1:-1])
    filters = [{"columnId": column["id"], "compareValue": bound, "operator": operator}]
    return _page(s, board, {"column": s.quoted(column["id"]), "value": str(bound)}, filters=filters)


def items_empty(s: Scene[View]) -> Task:
    return _filled(s, "is_empty")


def items_filled(s: Scene[View]) -> Task:
    return _filled(s, "is_not_empty")


def _filled(s: Scene[View], operator: str) -> Task:
    board = s.pick([board for board in s.state.boards if any(c["type"] in _OPTIONAL for c in board["columns"])])
    column = s.pick([column for column in board["columns"] if column["type"] in _OPTIONAL])
    filters = [{"columnId": column["id"], "compareValue": [], "operator": operator}]
    return _page(s, board, {"column": s.quoted(column["id"])}, filters=filters)


def items_group(s: Scene[View]) -> Task:
    board = _board(s)
    group = group_said(s, s.pick(board["groups"]))
    return _page(s, board, {"group": group.text}, filters=[{"columnId": "group", "compareValue": [group.value]}])


def items_up(s: Scene[View]) -> Task:
    return _sorted(s, {})


def items_down(s: Scene[View]) -> Task:
    return _sorted(s, {"direction": "desc"})


def _sorted(s: Scene[View], direction: Json) -> Task:
    board, number = _board(s), s.random.choice((2, 3, 3, 4, 5, 5))
    column = s.pick([column for column in board["columns"] if column["type"] in _ORDERED])
    slots = {"n": s.number(number), "column": s.quoted(column["id"])}
    return _page(s, board, slots, limit=number, orderBy=[{"columnId": column["id"], **direction}])


# Updates


def updates(identifier: int, kind: str = "Item", **arguments: Any) -> Call:
    return Call("get_updates", {"objectId": str(identifier), "objectType": kind, **arguments})


def _item(s: Scene[View], least: int, slots: dict[str, str] | None = None, **arguments: Any) -> Task:
    """Updates of an item that has so many, but one time in eight of any."""
    some = [item for item in s.state.items if len(s.state.updates_of(item)) >= least or s.random.random() < 0.1]
    item = s.pick(some)
    said = item_said(s, item)
    words = {"item": said.text, "id": str(said.value), **(slots or {})}
    return one_call(words, updates(said.value, **arguments), answers.updates, item["id"])


def updates_item(s: Scene[View]) -> Task:
    return _item(s, 1)


def updates_few(s: Scene[View]) -> Task:
    number = s.random.choice((2, 3, 5, 10))
    return _item(s, 2, {"n": s.number(number)}, limit=number)


def updates_replies(s: Scene[View]) -> Task:
    return _item(s, 1, includeReplies=True)


def updates_board(s: Scene[View]) -> Task:
    number, said = s.random.choice((2, 3, 5, 5, 10)), board_said(s, s.pick(s.state.boards))
    call = updates(said.value, "Board", limit=number, includeItemUpdates=True)
    return one_call({"board": said.text, "n": s.number(number)}, call, answers.updates)


def updates_discussion(s: Scene[View]) -> Task:
    said = board_said(s, s.pick(s.state.boards))
    return one_call({"board": said.text}, updates(said.value, "Board"), answers.updates)


def updates_between(s: Scene[View]) -> Task:
    number, said = s.random.choice((2, 3, 5)), board_said(s, s.pick(s.state.boards))
    first = s.world.today - timedelta(days=s.random.randint(0, 14))
    last = s.world.today + timedelta(days=s.random.randint(1, 7))
    call = updates(
        said.value,
        "Board",
        limit=number,
        fromDate=first.isoformat(),
        toDate=last.isoformat(),
        includeItemUpdates=True,
    )
    days = {"from": day_said(s, first), "to": day_said(s, last)}
    return one_call({"board": said.text, "n": s.number(number), **days}, call, answers.updates)


PLANS = named(
    items_all,
    items_first,
    items_values,
    item_values,
    items_about,
    items_where,
    items_not,
    items_above,
    items_below,
    items_empty,
    items_filled,
    items_group,
    items_up,
    items_down,
    updates_item,
    updates_few,
    updates_replies,
    updates_board,
    updates_discussion,
    updates_between,
)
