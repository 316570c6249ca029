"""What the Notion stand-in remembers: objects in the form the API answers with, and what lies below what."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evaluation.standins.clock import Clock, Identifiers
from evaluation.standins.notion.checks import Json, plain
from evaluation.standins.notion.errors import ARCHIVED, invalid, not_found


@dataclass
class NotionState:
    """`objects` by id, in order of creation: pages, blocks, databases, data sources, users, comments.

    A page's or a toggle's content is in `children`, in order; a page and a database are among their parent's.
    """

    clock: Clock
    identifiers: Identifiers
    bot: str
    objects: dict[str, Json] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)

    def snapshot(self) -> Json:
        """Everything, as JSON; two equal snapshots are equal workspaces."""
        return deepcopy({"objects": self.objects, "children": self.children})

    def restore(self, snapshot: Json) -> None:
        self.objects, self.children = deepcopy((snapshot["objects"], snapshot["children"]))

    def add(self, item: Json) -> Json:
        """Keep a new object; its id and times are filled in."""
        now = stamp(self.clock.tick())
        made = {
            "object": item["object"],
            "id": self.identifiers.uuid(),
            "created_time": now,
            "last_edited_time": now,
            "created_by": {"object": "user", "id": self.bot},
            "last_edited_by": {"object": "user", "id": self.bot},
            **item,
        }
        self.objects[made["id"]] = made
        return made

    def touch(self, item: Json) -> None:
        """Note that an object was edited now, in its own properties too."""
        now = stamp(self.clock.tick())
        item["last_edited_time"] = now
        item["last_edited_by"] = {"object": "user", "id": self.bot}
        for value in item.get("properties", {}).values():
            if item["object"] == "page" and value["type"] == "last_edited_time":
                value["last_edited_time"] = now

    def get(self, kind: str, identifier: str) -> Json:
        """The object of this kind, or the API's 404."""
        found = self.objects.get(identifier)
        if found is None or found["object"] != kind:
            raise not_found(kind.replace("_", " "), identifier)
        return found

    def container(self, identifier: str) -> Json:
        """What blocks can be below of: a page or a block."""
        found = self.objects.get(identifier)
        if found is None or found["object"] not in ("page", "block"):
            raise not_found("block", identifier)
        return found

    def editable(self, item: Json) -> Json:
        if item["in_trash"]:
            raise invalid(ARCHIVED)
        return item

    def of_kind(self, *kinds: str) -> Iterator[Json]:
        return (item for item in self.objects.values() if item["object"] in kinds)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:00.000Z")


def title(item: Json) -> str:
    """The title of a page or a data source."""
    if item["object"] == "data_source":
        return plain(item["title"])
    return next((plain(value["title"]) for value in item["properties"].values() if value["type"] == "title"), "")


def listing(items: list[Json], kind: str, start: Any, size: int) -> Json:
    """One page of a list; a cursor is the id of the first object that follows."""
    ids = [item["id"] for item in items]
    if start is not None and start not in ids:
        raise invalid(f"The start_cursor provided is invalid: {start}")
    first = ids.index(start) if start is not None else 0
    rest = ids[first + size :]
    return {
        "object": "list",
        "results": deepcopy(items[first : first + size]),
        "next_cursor": rest[0] if rest else None,
        "has_more": bool(rest),
        "type": kind,
        kind: {},
    }
