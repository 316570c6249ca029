"""How people name pages, databases and properties, and what stands in the arguments for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from evaluation.workspaces.writer import Writer, long_date
from training.offline.notion.values import values
from training.offline.notion.view import Json, View, title
from training.offline.saying import worded
from training.offline.scene import Scene

_PAGE = (
    ("{id}", 26),
    ("page {id}", 12),
    ("the page {id}", 14),
    ("the page with the ID {id}", 8),
    ("the Notion page {id}", 3),
    ("the page {title} ({id})", 8),
    ("{title} ({id})", 6),
)
_LINK = (("{url}", 20), ("the page {url}", 6), ("the page at {url}", 3))
_SOURCE = (
    ("data source {id}", 20),
    ("the data source {id}", 30),
    ("the data source with the ID {id}", 10),
    ("the {title} data source ({id})", 15),
    ("the data source {title} ({id})", 10),
    ("{id}", 8),
)
_BASE = (
    ("the database {id}", 30),
    ("database {id}", 15),
    ("the database with the ID {id}", 10),
    ("the {title} database ({id})", 20),
    ("our {title} database ({id})", 8),
)
_KINDS = {"rich_text": "text", "url": "URL", "phone_number": "phone number", "multi_select": "multi-select"}
_TYPED = (
    ("the {kind} property {name}", 34),
    ("the property {name} ({kind})", 14),
    ("{name} ({kind})", 14),
    ("the {kind} field {name}", 10),
    ("the {kind} column {name}", 10),
    ("the {kind} {name}", 12),
)
SETTABLE = frozenset({"status", "select", "number", "date", "email", "phone_number", "url", "rich_text"})
"""Types of properties that are set to one value that a request can name. People can only be named by their IDs."""


@dataclass(frozen=True)
class Said:
    """A value as the arguments have it, and as the user wrote it."""

    value: Any
    text: str


# Pages and databases


def page_said(s: Scene[View], page: Json, *, hyphens: bool = False) -> Said:
    """A page by its ID or its link. The IDs of links have no hyphens; where they are a must, there is no link."""
    identifier, link = page["id"], page["url"]
    short = identifier.replace("-", "")
    if not hyphens and link.endswith(short) and s.random.random() < 0.3:
        return Said(short, worded(s.random, _LINK, {"url": link}))
    return Said(identifier, worded(s.random, _PAGE, {"id": identifier, "title": s.enclosed(title(page))}))


def parent_said(s: Scene[View]) -> Said:
    """A page for a new one to be under, which is no row of a database."""
    parents = [page for page in s.state.pages if page["parent"]["type"] != "data_source_id"]
    return page_said(s, s.pick(parents), hyphens=True)


def source_said(s: Scene[View], source: Json) -> Said:
    return Said(source["id"], worded(s.random, _SOURCE, {"id": source["id"], "title": title(source)}))


def base_said(s: Scene[View], source: Json) -> Said:
    """The database of a data source, by its ID."""
    identifier = source["parent"]["database_id"]
    return Said(identifier, worded(s.random, _BASE, {"id": identifier, "title": title(source)}))


# Properties


def kind_said(kind: str) -> str:
    return _KINDS.get(kind, kind)


def typed(s: Scene[View], column: Json) -> str:
    """A property by its name and its type."""
    return worded(s.random, _TYPED, {"kind": kind_said(column["type"]), "name": s.quoted(column["name"])})


def settable(source: Json) -> list[Json]:
    return [column for column in source["properties"].values() if column["type"] in SETTABLE]


def new_value(s: Scene[View], column: Json) -> Said:
    """Something to set a property to."""
    kind = column["type"]
    if kind in ("status", "select"):
        name = s.pick(column[kind]["options"])["name"]
        return Said(name, s.quoted(name))
    if kind == "number":
        number = s.random.randint(1, 80)
        return Said(number, str(number))
    if kind == "date":
        return day_said(s, (s.world.today + timedelta(days=s.random.randint(-20, 90))).isoformat())
    person = s.random.choice(s.world.people)
    match kind:
        case "email":
            text = f"{person.handle}@{s.world.host}"
        case "phone_number":
            text = f"+{s.random.randint(30, 49)} {s.random.randint(100, 999)} {s.random.randint(10000, 99999)}"
        case "url":
            text = f"https://www.{person.last.lower() if person.last.isascii() else 'office'}.example"
        case _:
            text = line(s)
            return Said(text, s.enclosed(text))
    return Said(text, s.quoted(text))


def day_said(s: Scene[View], day: str) -> Said:
    """A day as the API writes it, or in words."""
    return Said(day, day if s.random.random() < 0.7 else long_date(date.fromisoformat(day)))


def value_said(s: Scene[View], value: Any) -> Said:
    """A value that a property has, to look for."""
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return day_said(s, value)
    return Said(value, str(value) if isinstance(value, int | float) else s.quoted(str(value)))


def assigned(s: Scene[View], columns: Sequence[Json]) -> tuple[dict[str, Any], str]:
    """Several properties with their types and new values: for the arguments, and in words."""
    written, words = {}, []
    mark = s.random.choice((": ", " = "))
    for column in columns:
        value = new_value(s, column)
        written[column["name"]] = property_value(column["type"], value.value)
        words.append(f"{column['name']} ({kind_said(column['type'])}){mark}{value.text}")
    return written, s.series(words)


# Texts


def line(s: Scene[View]) -> str:
    """Something to write: hand-written, or about the people and projects of the workspace."""
    if s.random.random() < 0.55:
        return s.random.choice(values().lines)
    kind = s.random.choice(("task", "status", "question", "decision", "problem"))
    return Writer.about(s.random, s.world).sentence(kind)


def text_slots(s: Scene[View], text: str) -> dict[str, str]:
    """In quotes, or bare at the end of the request."""
    return {"text": s.enclosed(text), "raw": text}


def new_title(s: Scene[View], *others: str) -> str:
    """A title that nothing in the workspace has."""
    taken = {title(page) for page in s.state.pages} | set(others)
    return s.pick([name for name in values().titles if name not in taken])


def name_slots(s: Scene[View], name: str) -> dict[str, str]:
    return {"name": s.enclosed(name), "rawname": name}


def item_list(s: Scene[View]) -> tuple[list[str], str]:
    items = s.sample(values().items, 2, 3)
    return items, s.series([s.enclosed(item) for item in items])


# Arguments


def rich(text: str) -> list[Json]:
    return [{"text": {"content": text}}]


def block(kind: str, text: str) -> Json:
    return {kind: {"rich_text": rich(text)}}


def property_value(kind: str, value: Any) -> Json:
    match kind:
        case "title" | "rich_text":
            return {kind: rich(value)}
        case "status" | "select":
            return {kind: {"name": value}}
        case "date":
            return {kind: {"start": value}}
        case _:
            return {kind: value}


def titled(name: str) -> Json:
    """The property that every page has: its ID is always `title`."""
    return {"title": rich(name)}


ONLY_PAGES: Json = {"filter": {"value": "page", "property": "object"}}
ONLY_SOURCES: Json = {"filter": {"value": "data_source", "property": "object"}}
