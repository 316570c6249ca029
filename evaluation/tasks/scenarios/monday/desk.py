"""A monday.com account to draw a task from, and the calls that its tasks are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from evaluation.standins import MondayStandIn
from evaluation.tasks.scenarios.drawing import Unfit, call
from evaluation.tasks.scenarios.things import Json, ServiceDesk, Thing
from evaluation.tasks.task import CallMade, Requirement

CLIENTS = "Clients"
_MOST_FOUND = 8


class Desk(ServiceDesk):
    """The boards, and the items, those left out that share their name with another."""

    def __init__(self, standin: MondayStandIn, random: Random, variant: int) -> None:
        super().__init__(standin, random, variant)
        self.boards = {board["name"]: self.thing(board["id"], board["name"]) for board in self.state["boards"].values()}
        self.names = [item["name"] for item in self.state["items"].values()]
        own = [item for item in self.state["items"].values() if self.names.count(item["name"]) == 1]
        self._items = [self.thing(item["id"], item["name"]) for item in own]

    @property
    def projects(self) -> list[Thing]:
        return [board for name, board in self.boards.items() if name != CLIENTS]

    def items(self, board: Thing, **fields: str) -> list[Thing]:
        """Those with these fields."""
        return [
            item
            for item in self._items
            if item.path == f"{board.path}/{item.name}"
            and all(item.fields.get(n) == text for n, text in fields.items())
        ]

    def some_of(self, board: Thing, least: int, most: int, **fields: str) -> list[Thing]:
        """All those with these fields; Unfit where there are too few or too many, or an item shares its name."""
        on_board = [item for item in self.state["items"].values() if item["board_id"] == board.id]
        if len(on_board) != len(self.items(board)):
            raise Unfit
        return counted(self.items(board, **fields), least, most)

    def label(self, board: Thing, column: str, name: str) -> int:
        """The number by which filters know a label."""
        columns = self.state["boards"][board.id]["columns"]
        labels = next(each for each in columns if each["id"] == column)["settings"]["labels"]
        return int(next(label for label in labels if label["label"] == name)["id"])

    def group(self, board: Thing, title: str) -> str:
        groups = self.state["boards"][board.id]["groups"]
        return str(next(group["id"] for group in groups if group["title"] == title))

    def sought(self, item: Thing) -> CallMade:
        """The search for an item by its name; Unfit where it would bring too many others."""
        words = item.name.casefold().split()
        if sum(all(word in name.casefold() for word in words) for name in self.names) > _MOST_FOUND:
            raise Unfit
        return call("search", searchType="ITEMS", searchTerm=item.name)

    def talk(self, item: Thing) -> tuple[Requirement, ...]:
        """All updates of an item, and the replies to them."""
        return item.shows(*(name for name in item.fields if name.startswith("updates/")))

    def identifier(self, path: str) -> int:
        return next(int(identifier) for identifier, known in self.record.names.items() if known == path)


def counted(items: list[Thing], least: int, most: int) -> list[Thing]:
    if not least <= len(items) <= most:
        raise Unfit
    return items


def find(board: Thing) -> CallMade:
    return call("search", searchType="BOARD", searchTerm=board.name)


def info(board: Thing) -> CallMade:
    return call("get_board_info", boardId=int(board.id))


def page(board: Thing, *filters: Json, order: Sequence[Json] = ()) -> CallMade:
    narrowed = {"filters": list(filters)} if filters else {}
    ordered = {"orderBy": list(order)} if order else {}
    return call("get_board_items_page", boardId=int(board.id), includeColumns=True, **narrowed, **ordered)


def cards(board: Thing, items: Sequence[Thing]) -> CallMade:
    return call(
        "get_board_items_page",
        boardId=int(board.id),
        itemIds=[int(item.id) for item in items],
        includeColumns=True,
    )


def where(column: str, value: Any, relation: str = "any_of") -> Json:
    return {"columnId": column, "compareValue": value, "operator": relation}


def change(board: Thing, item: Thing, **values: Any) -> CallMade:
    return call(
        "change_item_column_values", boardId=int(board.id), itemId=int(item.id), columnValues=json.dumps(values)
    )


def move(item: Thing, group: str) -> CallMade:
    return call("move_item_to_group", itemId=int(item.id), groupId=group)


def updates(item: Thing) -> CallMade:
    return call("get_updates", objectId=item.id, objectType="Item", includeReplies=True)


def say(item_id: str | int, text: str, **reply: int) -> CallMade:
    return call("create_update", itemId=int(item_id), body=text, **reply)
