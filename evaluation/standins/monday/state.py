"""What the monday.com stand-in remembers: boards with columns and groups, items, updates, users."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from evaluation.standins.clock import Clock, Identifiers
from evaluation.standins.monday.columns import Json, Writing, write
from evaluation.standins.monday.errors import failure, missing

_MAX_NAME = 255
GROUP_COLORS = ("#037f4c", "#00c875", "#579bfc", "#ffcb00", "#bb3354", "#784bd1", "#ff642e", "#7f5347")


@dataclass
class MondayState:
    """Tables by id. Items and updates are in order of creation; a board's groups and columns in order of place."""

    clock: Clock
    identifiers: Identifiers
    slug: str
    me: str = ""
    users: dict[str, Json] = field(default_factory=dict)
    workspaces: dict[str, Json] = field(default_factory=dict)
    folders: dict[str, Json] = field(default_factory=dict)
    boards: dict[str, Json] = field(default_factory=dict)
    items: dict[str, Json] = field(default_factory=dict)
    updates: dict[str, Json] = field(default_factory=dict)

    def snapshot(self) -> Json:
        """Everything, as JSON; two equal snapshots are equal accounts."""
        names = ("users", "workspaces", "folders", "boards", "items", "updates")
        return {name: deepcopy(getattr(self, name)) for name in names}

    def restore(self, snapshot: Json) -> None:
        for name, table in snapshot.items():
            setattr(self, name, deepcopy(table))

    @property
    def people(self) -> Mapping[str, str]:
        """Names of the users by id."""
        return {identifier: user["name"] for identifier, user in self.users.items()}

    def board(self, identifier: object) -> Json:
        if str(identifier) not in self.boards:
            raise missing("board", identifier)
        return self.boards[str(identifier)]

    def item(self, identifier: object) -> Json:
        if str(identifier) not in self.items:
            raise missing("item", identifier)
        return self.items[str(identifier)]

    def group(self, board: Json, identifier: str) -> Json:
        for group in board["groups"]:
            if group["id"] == identifier:
                found: Json = group
                return found
        raise missing("group", identifier)

    def column(self, board: Json, identifier: str) -> Json:
        for column in board["columns"]:
            if column["id"] == identifier:
                found: Json = column
                return found
        raise failure("InvalidColumnIdException", "This column ID doesn't exist for the board", column_id=identifier)

    def now(self) -> str:
        return self.clock.tick().strftime("%Y-%m-%dT%H:%M:%SZ")

    def items_of(self, board: Json) -> list[Json]:
        """In the order of the board: by group, and in a group by age."""
        places = {group["id"]: place for place, group in enumerate(board["groups"])}
        found = [item for item in self.items.values() if item["board_id"] == board["id"]]
        return sorted(found, key=lambda item: places[item["group_id"]])

    def add_board(self, board: Json) -> Json:
        identifier = self.identifiers.number()
        made = {
            "id": identifier,
            "description": None,
            "state": "active",
            "board_kind": "public",
            "permissions": "everyone",
            "url": f"https://{self.slug}.monday.com/boards/{identifier}",
            "updated_at": self.now(),
            "item_terminology": "item",
            "creator_id": self.me,
            "folder_id": None,
            "columns": [],
            "groups": [],
            **board,
        }
        self.boards[identifier] = made
        return made

    def add_group(self, board: Json, title: str, color: str | None, at: int) -> Json:
        short = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:20] or "group"
        taken = {group["id"] for group in board["groups"]}
        identifier = short if short not in taken else f"{short}_{self.identifiers.random.randrange(10**4, 10**5)}"
        group = {"id": identifier, "title": title, "color": color or GROUP_COLORS[len(taken) % len(GROUP_COLORS)]}
        board["groups"].insert(at, group)
        board["updated_at"] = self.now()
        return group

    def add_item(self, board: Json, group: Json, name: str, values: Json, parent: str | None = None) -> Json:
        identifier, now = self.identifiers.number(), self.now()
        item = {
            "id": identifier,
            "name": checked_name(name),
            "url": f"{board['url']}/pulses/{identifier}",
            "board_id": board["id"],
            "group_id": group["id"],
            "parent_id": parent,
            "creator_id": self.me,
            "created_at": now,
            "updated_at": now,
            "values": {column: value for column, value in values.items() if value is not None},
        }
        self.items[identifier] = item
        return item

    def add_update(self, item: Json, body: str, parent: str | None) -> Json:
        now = self.now()
        update = {
            "id": self.identifiers.number(),
            "item_id": item["id"],
            "parent_id": parent,
            "body": body,
            "text_body": plain(body),
            "created_at": now,
            "updated_at": now,
            "creator_id": self.me,
        }
        self.updates[update["id"]] = update
        item["updated_at"] = now
        return update

    def values(self, board: Json, given: Any, may_make_labels: bool) -> Json:
        """Column values of a request, which come as JSON in a string, by column id; None empties a column."""
        values = {}
        for identifier, value in parsed(given).items():
            column = self.column(board, identifier)
            values[identifier] = write(Writing(column, self.people, may_make_labels), value)
        return values


def parsed(given: Any) -> Json:
    try:
        values = json.loads(given) if isinstance(given, str) else given or {}
    except ValueError:
        raise failure(
            "JsonParseException", "The value of column_values is not valid JSON", column_values=given
        ) from None
    if not isinstance(values, dict):
        raise failure(
            "JsonParseException", "column_values must be an object of values by column ID", column_values=given
        )
    return values


def checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > _MAX_NAME:
        raise failure("ItemNameTooLongException", f"An item's name has 1 to {_MAX_NAME} characters", item_name=name)
    return name


def plain(body: str) -> str:
    """The text of an update's HTML."""
    broken = re.sub(r"(?i)<br\s*/?>|</(p|li|div|h\d)>", "\n", body)
    return re.sub(r"<[^>]+>", "", broken).replace("&nbsp;", " ").replace("&amp;", "&").strip()
