"""The API's answers, read as far as plans need them, and told as the assistant tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from training.offline.answers import counted, excerpt
from training.offline.notion.view import Json, held, text_of, title
from training.offline.script import Unfit

_SHOWN = 10


def results(text: str) -> list[Json]:
    """The entries of a list."""
    found: list[Json] = json.loads(text)["results"]
    return found


def read(text: str) -> Json:
    """One object."""
    item: Json = json.loads(text)
    return item


def the_only(items: Sequence[Json], wanted: str | None = None) -> Json:
    """The one item, or the one of that title. Raises Unfit."""
    found = [item for item in items if wanted is None or title(item) == wanted]
    if len(found) != 1:
        raise Unfit("the search does not find one page")
    return found[0]


def found(text: str, what: str) -> str:
    """What a search found."""
    items = results(text)
    if not items:
        return f"I found nothing titled {what}."
    names = [f"“{title(item)}”{' (data source)' if item['object'] == 'data_source' else ''}" for item in items]
    return f"I found {counted(len(items), 'result')} for {what}: {', '.join(names)}."


def latest(text: str) -> str:
    """Pages with the time of their last edit."""
    return "\n".join(f"“{title(item)}”, edited {moment(item['last_edited_time'])}" for item in results(text))


def content(text: str) -> str:
    """The text of a page."""
    lines = [said for block in results(text) if (said := text_of(block))]
    return excerpt("\n".join(lines)) if lines else "There is no text on it."


def rows(text: str) -> str:
    """Rows of a data source by their titles."""
    items = results(text)
    if not items:
        return "No row matches."
    names = "; ".join(f"“{title(item)}”" for item in items[:_SHOWN])
    return f"{counted(len(items), 'row')}: {names}."


def properties(item: Json) -> str:
    """A page by the values of its properties."""
    values = [f"{name}: {told(value)}" for name, value in item["properties"].items() if value["type"] != "title"]
    return "\n".join([f"“{title(item)}”", *values])


def told(value: Json) -> str:
    """A property's value in words."""
    content: Any = held(value)
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, list):
        return ", ".join(content) or "nothing"
    if value["type"] == "last_edited_time":
        return moment(content)
    return "nothing" if content in (None, "") else str(content)


def schema(item: Json) -> str:
    columns = ", ".join(f"{name} ({column['type']})" for name, column in item["properties"].items())
    return f"{title(item)} has {counted(len(item['properties']), 'property')}: {columns}."


def moment(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
