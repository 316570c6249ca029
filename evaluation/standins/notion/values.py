"""Property values of pages, by the schema of the data source they are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from evaluation.standins.notion.checks import Json, boolean, identifier, mapping, rich_text, sequence, text
from evaluation.standins.notion.errors import invalid, misfit
from evaluation.standins.notion.state import NotionState

# The schema of a page that is in no data source: it has a title and nothing else.
PAGE_ONLY: Json = {"title": {"id": "title", "name": "title", "type": "title", "title": {}}}

_EMPTY: Mapping[str, Any] = {"title": [], "rich_text": [], "multi_select": [], "people": [], "checkbox": False}
_COMPUTED = ("created_time", "last_edited_time", "created_by")
_COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")


def initial(schema: Json, page: Json) -> Json:
    """The properties of a page before anybody wrote one."""
    properties = {}
    for name, column in schema.items():
        kind = column["type"]
        value = page[kind] if kind in _COMPUTED else _EMPTY.get(kind)
        if kind == "status":
            value = column["status"]["options"][0]
        properties[name] = {"id": column["id"], "type": kind, kind: value}
    return properties


def written(state: NotionState, schema: Json, given: Any, path: str) -> Json:
    """New values by property name, checked as a whole before any is kept. A property may be named by its id."""
    names = {column["id"]: name for name, column in schema.items()}
    values: Json = {}
    for key, value in mapping(given, path).items():
        name = key if key in schema else names.get(key)
        if name is None:
            raise invalid(f"{key} is not a property that exists.")
        values[name] = _value(state, schema[name], value, f"{path}.{key}")
    return values


def _value(state: NotionState, column: Json, given: Any, path: str) -> Json:
    kind: str = column["type"]
    if kind in _COMPUTED:
        raise invalid(f"{column['name']} is of type {kind}, which cannot be set through the API.")
    if isinstance(given, list) and kind in ("title", "rich_text"):
        given = {kind: given}
    if kind not in mapping(given, path) or given.get("type", kind) != kind:
        raise invalid(f"{column['name']} is expected to be {kind}.")
    value = _READERS[kind](state, column, given[kind], f"{path}.{kind}")
    return {"id": column["id"], "type": kind, kind: value}


def _rich_text(state: NotionState, column: Json, value: Any, path: str) -> list[Json]:
    return rich_text(value, path)


def _number(state: NotionState, column: Json, value: Any, path: str) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise misfit(path, "a number", value)
    return value


def _select(state: NotionState, column: Json, value: Any, path: str) -> Json | None:
    return None if value is None else _option(state, column, value, path)


def _multi_select(state: NotionState, column: Json, value: Any, path: str) -> list[Json]:
    return [_option(state, column, entry, f"{path}[{number}]") for number, entry in enumerate(sequence(value, path))]


def _option(state: NotionState, column: Json, value: Any, path: str) -> Json:
    """An option by name or id. A select learns a new name; a status never does."""
    kind = column["type"]
    options: list[Json] = column[kind]["options"]
    entry = mapping(value, path)
    key = "id" if "id" in entry and "name" not in entry else "name"
    wanted = text(entry.get(key), f"{path}.{key}", 100)
    found = next((option for option in options if option[key] == wanted), None)
    if found is not None:
        return found
    if kind == "status" or key == "id":
        raise invalid(f'Invalid {kind} option. {kind.capitalize()} option "{wanted}" does not exist.')
    if "," in wanted:
        raise invalid(f"Invalid {kind} option, commas not allowed: {wanted}")
    made = {
        "id": state.identifiers.uuid(),
        "name": wanted,
        "color": _COLORS[len(options) % len(_COLORS)],
        "description": None,
    }
    options.append(made)
    return made


def _date(state: NotionState, column: Json, value: Any, path: str) -> Json | None:
    if value is None:
        return None
    entry = mapping(value, path)
    start = _moment(entry.get("start"), f"{path}.start")
    end = None if entry.get("end") is None else _moment(entry["end"], f"{path}.end")
    if end is not None and end < start:
        raise invalid(f"{path}.end is before {path}.start.")
    return {"start": start, "end": end, "time_zone": entry.get("time_zone")}


def _moment(value: Any, path: str) -> str:
    moment = text(value, path)
    try:
        date.fromisoformat(moment) if len(moment) == 10 else datetime.fromisoformat(moment)
    except ValueError:
        raise misfit(path, "a valid ISO 8601 date string", value) from None
    return moment


def _people(state: NotionState, column: Json, value: Any, path: str) -> list[Json]:
    people = []
    for number, entry in enumerate(sequence(value, path)):
        wanted = identifier(mapping(entry, f"{path}[{number}]").get("id"), f"{path}[{number}].id")
        people.append(state.get("user", wanted))
    return people


def _checkbox(state: NotionState, column: Json, value: Any, path: str) -> bool:
    return boolean(value, path)


def _string(state: NotionState, column: Json, value: Any, path: str) -> str | None:
    return None if value is None else text(value, path)


_READERS: Mapping[str, Callable[[NotionState, Json, Any, str], Any]] = {
    "title": _rich_text,
    "rich_text": _rich_text,
    "number": _number,
    "select": _select,
    "status": _select,
    "multi_select": _multi_select,
    "date": _date,
    "people": _people,
    "checkbox": _checkbox,
    "url": _string,
    "email": _string,
    "phone_number": _string,
}
