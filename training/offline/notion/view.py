"""What is in a Notion workspace, from a snapshot of the stand-in's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from server.chat_template import compact_json

Json = Mapping[str, Any]
MOST = 4600
"""Characters that the results of one call may have together, without what stands around them."""
SOME = 3600
"""The same, where other results come before them."""
FEW = 2600
"""The same, where there is more to come."""


@dataclass(frozen=True)
class View:
    """objects: everything by its ID. children: what stands on a page or in a block, in order."""

    objects: Mapping[str, Json]
    children: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, snapshot: Json) -> View:
        return cls(snapshot["objects"], snapshot["children"])

    @cached_property
    def pages(self) -> tuple[Json, ...]:
        """All but those in the trash."""
        return tuple(item for item in self.objects.values() if item["object"] == "page" and not item["in_trash"])

    @cached_property
    def sources(self) -> tuple[Json, ...]:
        return tuple(item for item in self.objects.values() if item["object"] == "data_source")

    @cached_property
    def rows(self) -> tuple[Json, ...]:
        """The pages that are in a data source."""
        return tuple(page for page in self.pages if page["parent"]["type"] == "data_source_id")

    def source_of(self, row: Json) -> Json:
        return self.objects[row["parent"]["data_source_id"]]

    def rows_of(self, source: Json) -> tuple[Json, ...]:
        return tuple(row for row in self.rows if row["parent"]["data_source_id"] == source["id"])

    def blocks(self, page: Json) -> tuple[Json, ...]:
        """What stands directly on a page, subpages and databases included."""
        return tuple(
            block for each in self.children.get(page["id"], ()) if not (block := self.objects[each])["in_trash"]
        )

    def hits(self, query: str, kind: str | None = None) -> tuple[Json, ...]:
        """What a search for a title finds, in its order."""
        words = query.casefold().split()
        found = [
            item
            for item in (*self.pages, *self.sources)
            if kind in (None, item["object"]) and all(word in title(item).casefold() for word in words)
        ]
        return tuple(sorted(found, key=lambda item: str(item["last_edited_time"]), reverse=True))

    def readable(self, most: int = MOST) -> tuple[Json, ...]:
        """Pages with content of at most so many characters."""
        return tuple(page for page in self.pages if 0 < length(self.blocks(page)) <= most)

    def titled(self, most: int = MOST, where: Callable[[Json], bool] = lambda page: True) -> tuple[Json, ...]:
        """Pages whose title finds few others, and none of the same title."""
        return tuple(page for page in self.pages if where(page) and self._is_found(page, most))

    def _is_found(self, page: Json, most: int) -> bool:
        found = self.hits(title(page))
        return length(found) <= most and [title(each) for each in found].count(title(page)) == 1


def plain(runs: Sequence[Json]) -> str:
    return "".join(run["plain_text"] for run in runs)


def title(item: Json) -> str:
    """Of a page or a data source."""
    if item["object"] == "data_source":
        return plain(item["title"])
    return next((plain(value["title"]) for value in item["properties"].values() if value["type"] == "title"), "")


def text_of(block: Json) -> str:
    """What a block says; empty for a divider and the like."""
    if block["object"] == "page":
        return title(block)
    body = block.get(block.get("type", ""), {})
    return plain(body.get("rich_text", ())) or str(body.get("title", ""))


def held(value: Json) -> Any:
    """The value of a property as people say it: text, a number, names; None or empty where there is none."""
    kind = value["type"]
    content = value[kind]
    if kind in ("title", "rich_text"):
        return plain(content)
    if kind in ("select", "status"):
        return content["name"] if content else None
    if kind == "multi_select":
        return [option["name"] for option in content]
    if kind == "people":
        return [person.get("name", "somebody") for person in content]
    if kind == "date":
        return content["start"] if content else None
    return content


def length(items: Sequence[Json]) -> int:
    """Characters of these as results. A page among blocks is shown as a block that names it, which is shorter."""
    return sum(len(compact_json(item)) for item in items)
