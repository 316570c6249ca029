"""What is in a monday.com account, from a snapshot of the stand-in's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """The tables of the account, by ID."""

    tables: Mapping[str, Mapping[str, Json]]

    @cached_property
    def boards(self) -> tuple[Json, ...]:
        """All but those that hold the subitems of others."""
        return tuple(board for board in self.tables["boards"].values() if board["board_kind"] != "sub_items_board")

    @cached_property
    def items(self) -> tuple[Json, ...]:
        """All but subitems."""
        own = {board["id"] for board in self.boards}
        return tuple(item for item in self.tables["items"].values() if item["board_id"] in own)

    @property
    def users(self) -> tuple[Json, ...]:
        return tuple(self.tables["users"].values())

    @property
    def updates(self) -> tuple[Json, ...]:
        return tuple(self.tables["updates"].values())

    def named(self, table: str) -> tuple[str, ...]:
        """The names in a table."""
        return tuple(row["name"] for row in self.tables[table].values())

    def board_of(self, item: Json) -> Json:
        return self.tables["boards"][item["board_id"]]

    def items_of(self, board: Json) -> tuple[Json, ...]:
        return tuple(item for item in self.items if item["board_id"] == board["id"])

    def updates_of(self, item: Json) -> tuple[Json, ...]:
        """Without replies, the oldest first."""
        return tuple(each for each in self.updates if each["item_id"] == item["id"] and each["parent_id"] is None)

    def hits(self, words: str) -> tuple[Json, ...]:
        """The items that a search by name finds, subitems included."""
        return tuple(item for item in self.tables["items"].values() if is_hit(words, item["name"]))

    def findable(self) -> tuple[Json, ...]:
        """Items that a search for their name finds, with a few others at most and none of the same name."""
        return tuple(
            item
            for item in self.items
            if len(found := self.hits(item["name"])) <= 4 and [each["name"] for each in found].count(item["name"]) == 1
        )

    def text(self, item: Json, column: Json) -> str:
        """An item's value as people see it; empty where there is none."""
        if column["type"] == "name":
            return str(item["name"])
        value = item["values"].get(column["id"])
        if value is None:
            return ""
        match column["type"]:
            case "status":
                return next(str(each["label"]) for each in labels(column) if each["index"] == value["index"])
            case "dropdown":
                return ", ".join(str(each["label"]) for each in labels(column) if each["id"] in value["ids"])
            case "people":
                return ", ".join(
                    str(self.tables["users"][str(each["id"])]["name"]) for each in value["personsAndTeams"]
                )
            case "date":
                return str(value["date"])
            case "long_text" | "email" | "phone" as kind:
                return str(value["text" if kind == "long_text" else kind])
            case "numbers" | "text":
                return str(value)
            case _:
                return "set"


def labels(column: Json) -> tuple[Json, ...]:
    return tuple(column["settings"].get("labels", ()))


def is_hit(words: str, text: str) -> bool:
    return all(word in text.casefold() for word in words.casefold().split())
