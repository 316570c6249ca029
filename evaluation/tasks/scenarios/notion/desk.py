"""A Notion workspace to draw a task from, and the calls that its tasks are made of."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from evaluation.standins import NotionStandIn
from evaluation.tasks.scenarios.drawing import Unfit, call
from evaluation.tasks.scenarios.things import Json, ServiceDesk, Thing
from evaluation.tasks.task import CallMade

MOST_ROWS = 7
"""Entries of a data source whose JSON is shown uncut."""
_MOST_FOUND = 6


class Desk(ServiceDesk):
    """The data sources' entries and the pages, those left out that share their title with another."""

    def __init__(self, standin: NotionStandIn, random: Random, variant: int) -> None:
        super().__init__(standin, random, variant)
        objects = self.state["objects"].values()
        pages = [item for item in objects if item["object"] == "page"]
        self.titles = [_title(page) for page in pages]
        self.sources = {
            item["title"][0]["plain_text"]: self.thing(item["id"], item["title"][0]["plain_text"])
            for item in objects
            if item["object"] == "data_source"
        }
        self.databases = {
            item["title"][0]["plain_text"]: item["id"] for item in objects if item["object"] == "database"
        }
        own = [page for page in pages if self.titles.count(_title(page)) == 1]
        self.pages = [self.thing(page["id"], _title(page)) for page in own]

    def entries(self, source: str) -> list[Thing]:
        return [page for page in self.pages if page.path.startswith(f"{source}/")]

    def below(self, name: str) -> list[Thing]:
        """The pages right below the page of this name."""
        return [page for page in self.pages if page.path.endswith(f"/{name}/{page.name}")]

    @property
    def projects(self) -> list[Thing]:
        names = self.sources["Tasks"].fields["columns/Project"].removeprefix("select: ").split(", ")
        return [page for page in self.pages if page.name in names]

    def rows(self, source: str, least: int, most: int = MOST_ROWS, **fields: str) -> list[Thing]:
        """The entries with these fields; Unfit where there are too few or too many of them."""
        found = [row for row in self.entries(source) if all(row.fields.get(n) == text for n, text in fields.items())]
        return counted(found, least, most)

    def sought(self, page: Thing) -> CallMade:
        """The search for a page by its title; Unfit where it would bring too many others."""
        words = page.name.casefold().split()
        if sum(all(word in title.casefold() for word in words) for title in self.titles) > _MOST_FOUND:
            raise Unfit
        return find(page.name, "page")

    def source(self, name: str) -> CallMade:
        return find(name, "data_source")

    def query(self, source: str, condition: Json, *sorts: Json) -> CallMade:
        ordered = {"sorts": list(sorts)} if sorts else {}
        return call("API-query-data-source", data_source_id=self.sources[source].id, filter=condition, **ordered)


def counted(rows: list[Thing], least: int, most: int) -> list[Thing]:
    if not least <= len(rows) <= most:
        raise Unfit
    return rows


def find(words: str, kind: str) -> CallMade:
    return call("API-post-search", query=words, filter={"property": "object", "value": kind})


def read(page: Thing) -> CallMade:
    return call("API-get-block-children", block_id=page.id)


def is_(name: str, kind: str, value: Any, relation: str = "equals") -> Json:
    return {"property": name, kind: {relation: value}}


def both(*conditions: Json) -> Json:
    return {"and": list(conditions)}


def by(name: str, direction: str) -> Json:
    return {"property": name, "direction": direction}


def patch(page: Thing, **properties: Json) -> CallMade:
    return call("API-patch-page", page_id=page.id, properties=properties)


def comment(page: Thing, text: str) -> CallMade:
    return call("API-create-a-comment", parent={"page_id": page.id}, rich_text=words(text))


def append(page_id: str, lines: Sequence[str], kind: str = "paragraph") -> CallMade:
    return call("API-patch-block-children", block_id=page_id, children=blocks(lines, kind))


def blocks(lines: Sequence[str], kind: str = "paragraph") -> list[Json]:
    return [{"type": kind, kind: {"rich_text": words(line)}} for line in lines]


def words(text: str) -> list[Json]:
    return [{"type": "text", "text": {"content": text}}]


def _title(page: Json) -> str:
    value = next(value for value in page["properties"].values() if value["type"] == "title")
    return "".join(run["plain_text"] for run in value["title"])
