"""How people name boards, items, groups and columns, and what stands in the arguments for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from evaluation.workspaces.writer import Writer, long_date
from server.chat_template import compact_json
from training.offline.monday.values import values
from training.offline.monday.view import Json, View, labels
from training.offline.saying import worded
from training.offline.scene import Scene

_BOARD = (
    ("board {id}", 16),
    ("the board {id}", 20),
    ("the board with the ID {id}", 8),
    ("the {name} board ({id})", 14),
    ("the board {quoted} ({id})", 10),
    ("{url}", 16),
    ("the board {url}", 6),
)
_ITEM = (
    ("item {id}", 18),
    ("the item {id}", 20),
    ("the item with the ID {id}", 8),
    ("the item {quoted} ({id})", 12),
    ("{quoted} ({id})", 10),
    ("the task {id}", 6),
    ("{url}", 16),
    ("the item {url}", 5),
)
_ENTRY = (
    ("item {id} on board {board}", 22),
    ("the item {id} on the board {board}", 22),
    ("the item {id} of board {board}", 8),
    ("item {id} (board {board})", 10),
    ("{quoted} ({id}, board {board})", 10),
    ("{url}", 16),
    ("the item {url}", 8),
)
_GROUP = (
    ("the group {id}", 40),
    ("group {id}", 20),
    ("the group with the ID {id}", 10),
    ("the {title} group ({id})", 12),
    ("the group {quoted} ({id})", 8),
)
_TYPED = (
    ("the {kind} column {id}", 50),
    ("the column {id} ({kind})", 25),
    ("{id} ({kind})", 15),
    ("column {id} ({kind})", 10),
)
_KINDS = {"long_text": "long text", "numbers": "number"}
SETTABLE = frozenset({"status", "dropdown", "date", "numbers", "text", "long_text", "email", "phone"})
"""Types of columns whose values a request can name."""


@dataclass(frozen=True)
class Said:
    """A value as the arguments have it, and as the user wrote it."""

    value: Any
    text: str


# Boards, items, groups


def board_said(s: Scene[View], board: Json) -> Said:
    words = {"id": board["id"], "name": board["name"], "quoted": s.enclosed(board["name"]), "url": board["url"]}
    return Said(int(board["id"]), worded(s.random, _BOARD, words))


def item_said(s: Scene[View], item: Json) -> Said:
    return Said(int(item["id"]), worded(s.random, _ITEM, _item_words(s, item)))


def entry_said(s: Scene[View], item: Json) -> Said:
    """An item, with the board that it is on: both are needed to change it."""
    return Said(int(item["id"]), worded(s.random, _ENTRY, _item_words(s, item)))


def _item_words(s: Scene[View], item: Json) -> dict[str, str]:
    quoted = s.enclosed(item["name"])
    return {"id": item["id"], "board": item["board_id"], "quoted": quoted, "url": item["url"]}


def group_said(s: Scene[View], group: Json) -> Said:
    words = {"id": group["id"], "title": group["title"], "quoted": s.enclosed(group["title"])}
    return Said(group["id"], worded(s.random, _GROUP, words))


def other_group(s: Scene[View], item: Json) -> Json:
    """A group of its board that an item is not in."""
    return s.pick([group for group in s.state.board_of(item)["groups"] if group["id"] != item["group_id"]])


# Columns


def typed(s: Scene[View], column: Json) -> str:
    """A column by its ID and its type."""
    return worded(s.random, _TYPED, {"kind": _kind(column), "id": column["id"]})


def _kind(column: Json) -> str:
    kind: str = column["type"]
    return _KINDS.get(kind, kind)


def settable(board: Json) -> list[Json]:
    return [column for column in board["columns"] if column["type"] in SETTABLE]


def new_value(s: Scene[View], column: Json) -> Said:
    """Something to set a column to, as column values have it."""
    person = s.random.choice(s.world.people)
    match column["type"]:
        case "status":
            label = s.pick(labels(column))["label"]
            return Said({"label": label}, s.quoted(label))
        case "dropdown":
            label = s.pick(labels(column))["label"]
            return Said({"labels": [label]}, s.quoted(label))
        case "date":
            day = s.world.today + timedelta(days=s.random.randint(-20, 90))
            return Said({"date": day.isoformat()}, day_said(s, day))
        case "numbers":
            number = str(s.random.randint(1, 60) * (250 if column["id"] == "deal_size" else 1))
            return Said(number, number)
        case "email":
            text = f"{person.handle}@{s.world.host}"
        case "phone":
            text = f"+49{s.random.randint(10**8, 10**9)}"
        case "text":
            text = person.name
        case _:
            text = line(s)
            return Said(text, s.enclosed(text))
    return Said(text, s.quoted(text))


def day_said(s: Scene[View], day: date) -> str:
    """As the API writes it, or in words."""
    return day.isoformat() if s.random.random() < 0.7 else long_date(day)


def assigned(s: Scene[View], columns: Sequence[Json]) -> tuple[dict[str, Any], str]:
    """Several columns with their types and new values: for the arguments, and in words."""
    written, words = {}, []
    mark = s.random.choice((": ", " = "))
    for column in columns:
        value = new_value(s, column)
        written[column["id"]] = value.value
        words.append(f"{column['id']} ({_kind(column)}){mark}{value.text}")
    return written, s.series(words)


def column_values(written: Mapping[str, Any]) -> str:
    """As the tools take them: JSON in a string."""
    return compact_json(dict(written))


# Texts


def line(s: Scene[View]) -> str:
    """Something to write: hand-written, or about the people and projects of the account."""
    if s.random.random() < 0.55:
        return s.random.choice(values().lines)
    return Writer.about(s.random, s.world).sentence(s.random.choice(("status", "question", "decision", "problem")))


def text_slots(s: Scene[View], text: str) -> dict[str, str]:
    """In quotes, or bare at the end of the request."""
    return {"text": s.enclosed(text), "raw": text}


def new_name(s: Scene[View], *others: str) -> str:
    """A name that no item has."""
    taken = {item["name"] for item in s.state.items} | set(others)
    if s.random.random() < 0.6:
        return s.pick([name for name in values().items if name not in taken])
    return Writer.about(s.random, s.world).sentence("task").rstrip(".")


def name_slots(s: Scene[View], name: str) -> dict[str, str]:
    return {"name": s.enclosed(name), "rawname": name}
