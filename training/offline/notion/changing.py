"""Plans for a page's title, icon, cover and properties, and for the trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.offline.notion.said import (
    Said,
    assigned,
    name_slots,
    new_title,
    new_value,
    page_said,
    property_value,
    settable,
    titled,
    typed,
)
from training.offline.notion.values import values
from training.offline.notion.view import Json, View, held
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task, Unfit


def patch(page: str, **arguments: Any) -> Call:
    return Call("API-patch-page", {"page_id": page, **arguments})


def _patched(s: Scene[View], page: Json, words: dict[str, str], answer: str, **arguments: Any) -> Task:
    said = page_said(s, page, hyphens="id" in s.slots)
    words = {"page": said.text, "row": said.text, "id": said.value, **words}
    return one_call(words, patch(said.value, **arguments), lambda _: answer, page["id"])


def _spare(s: Scene[View]) -> Json:
    """A page that nothing is lost with."""
    return s.pick([page for page in s.state.pages if page["parent"]["type"] != "workspace" and not _below(s, page)])


def _below(s: Scene[View], page: Json) -> bool:
    return any(block["object"] != "block" for block in s.state.blocks(page))


def trash(s: Scene[View]) -> Task:
    return _patched(s, _spare(s), {}, "The page is in the trash now.", in_trash=True)


def archive(s: Scene[View]) -> Task:
    return _patched(s, _spare(s), {}, "The page is archived now.", archived=True)


def rename(s: Scene[View]) -> Task:
    name = new_title(s)
    return _patched(
        s, s.pick(s.state.pages), name_slots(s, name), f"The page is called “{name}” now.", properties=titled(name)
    )


def set_icon(s: Scene[View]) -> Task:
    emoji = s.pick(values().emoji)
    answer = f"The page has the icon {emoji} now."
    return _patched(s, s.pick(s.state.pages), {"emoji": emoji}, answer, icon={"emoji": emoji})


def set_cover(s: Scene[View]) -> Task:
    known = values()
    url = f"{s.pick(known.hosts)}/{s.pick(known.pictures)}{s.pick(known.endings)}"
    return _patched(
        s, s.pick(s.state.pages), {"url": url}, "The page has the new cover.", cover={"external": {"url": url}}
    )


# Properties


def change(s: Scene[View], row: Json) -> tuple[Json, Said]:
    """A property of a row, and another value than it has."""
    column = s.pick(settable(s.state.source_of(row)))
    value = new_value(s, column)
    if value.value == held(row["properties"][column["name"]]):
        raise Unfit("it has this value already")
    return column, value


def set_property(s: Scene[View]) -> Task:
    row = s.pick(s.state.rows)
    column, value = change(s, row)
    return _patched(
        s,
        row,
        {"typed": typed(s, column), "value": value.text},
        f"{column['name']} is “{value.value}” now.",
        properties={column["name"]: property_value(column["type"], value.value)},
    )


def set_more(s: Scene[View]) -> Task:
    row = s.pick(s.state.rows)
    properties, words = assigned(s, s.sample(settable(s.state.source_of(row)), 2, 2))
    answer = f"{' and '.join(properties)} are set."
    return _patched(s, row, {"assigned": words}, answer, properties=properties)


def tick(s: Scene[View]) -> Task:
    return _box(s, True, lambda name: f"{name} is ticked.")


def untick(s: Scene[View]) -> Task:
    return _box(s, False, lambda name: f"{name} is not ticked any more.")


def _box(s: Scene[View], wanted: bool, answer: Callable[[str], str]) -> Task:
    """A checkbox that is not yet as it should be."""
    row, name = s.pick(
        [
            (row, name)
            for row in s.state.rows
            for name, value in row["properties"].items()
            if value["type"] == "checkbox" and value["checkbox"] is not wanted
        ]
    )
    return _patched(
        s, row, {"box": s.quoted(name)}, answer(name), properties={name: property_value("checkbox", wanted)}
    )


PLANS = named(trash, archive, rename, set_icon, set_cover, set_property, set_more, tick, untick)
