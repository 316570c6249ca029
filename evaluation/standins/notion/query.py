"""Filters and sorts of a data source query.

https://developers.notion.com/reference/post-database-query-filter, .../post-database-query-sort
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from evaluation.standins.notion.checks import Json, mapping, plain, sequence
from evaluation.standins.notion.errors import invalid, misfit

Test = Callable[[Any, Any], bool]

_DEPTH = 2
_TEXTUAL = ("title", "rich_text", "url", "email", "phone_number")
_DATED = ("date", "created_time", "last_edited_time")

_TEXT_TESTS: Mapping[str, Test] = {
    "equals": lambda value, wanted: value.casefold() == str(wanted).casefold(),
    "does_not_equal": lambda value, wanted: value.casefold() != str(wanted).casefold(),
    "contains": lambda value, wanted: str(wanted).casefold() in value.casefold(),
    "does_not_contain": lambda value, wanted: str(wanted).casefold() not in value.casefold(),
    "starts_with": lambda value, wanted: value.casefold().startswith(str(wanted).casefold()),
    "ends_with": lambda value, wanted: value.casefold().endswith(str(wanted).casefold()),
}
_NUMBER_TESTS: Mapping[str, Test] = {
    "equals": lambda value, wanted: value == wanted,
    "does_not_equal": lambda value, wanted: value != wanted,
    "greater_than": lambda value, wanted: value is not None and value > wanted,
    "less_than": lambda value, wanted: value is not None and value < wanted,
    "greater_than_or_equal_to": lambda value, wanted: value is not None and value >= wanted,
    "less_than_or_equal_to": lambda value, wanted: value is not None and value <= wanted,
}
_CHOICE_TESTS: Mapping[str, Test] = {
    "equals": lambda value, wanted: value == wanted,
    "does_not_equal": lambda value, wanted: value != wanted,
}
_LIST_TESTS: Mapping[str, Test] = {
    "contains": lambda value, wanted: wanted in value,
    "does_not_contain": lambda value, wanted: wanted not in value,
}
# Days compare by the first ten characters, so that a day equals every moment of it.
_DATE_TESTS: Mapping[str, Test] = {
    "equals": lambda value, wanted: value is not None and value[: len(wanted)] == wanted,
    "before": lambda value, wanted: value is not None and value[: len(wanted)] < wanted,
    "after": lambda value, wanted: value is not None and value[: len(wanted)] > wanted,
    "on_or_before": lambda value, wanted: value is not None and value[: len(wanted)] <= wanted,
    "on_or_after": lambda value, wanted: value is not None and value[: len(wanted)] >= wanted,
}
_SPANS = {"week": 7, "month": 30, "year": 365}  # days


def matches(page: Json, given: Any, schema: Json, now: datetime, path: str = "body.filter", depth: int = 0) -> bool:
    """Whether a page passes a filter. Raises the API's error for a filter that makes no sense."""
    condition = mapping(given, path)
    for word, combine in (("and", all), ("or", any)):
        if word in condition:
            if depth == _DEPTH:
                raise misfit(f"{path}.{word}", "not present", condition[word])
            parts = sequence(condition[word], f"{path}.{word}")
            # Every part is looked at, so that a wrong one is an error whatever the others say.
            results = [
                matches(page, part, schema, now, f"{path}.{word}[{number}]", depth + 1)
                for number, part in enumerate(parts)
            ]
            return combine(results)
    if "timestamp" in condition:
        kind = condition["timestamp"]
        if kind not in ("created_time", "last_edited_time"):
            raise misfit(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', kind)
        return _passes(kind, page[kind], mapping(condition.get(kind), f"{path}.{kind}"), now, f"{path}.{kind}")
    name = _name(condition.get("property"), schema, f"{path}.property")
    kind = schema[name]["type"]
    if kind not in condition:
        other = next((key for key in condition if key not in ("property", "type")), None)
        if other is None:
            raise misfit(f"{path}.{kind}", "defined", None)
        raise invalid(f"database property {kind} does not match filter {other}")
    return _passes(
        kind, comparable(page["properties"][name]), mapping(condition[kind], f"{path}.{kind}"), now, f"{path}.{kind}"
    )


def ordered(pages: list[Json], given: Any, schema: Json) -> list[Json]:
    """Pages by the given sorts, the first the strongest; empty values come last in either direction."""
    for number, entry in reversed(list(enumerate(sequence(given, "body.sorts")))):
        path = f"body.sorts[{number}]"
        sort = mapping(entry, path)
        direction = sort.get("direction", "ascending")
        if direction not in ("ascending", "descending"):
            raise misfit(f"{path}.direction", '`"ascending"` or `"descending"`', direction)
        if "timestamp" in sort:
            kind = sort["timestamp"]
            if kind not in ("created_time", "last_edited_time"):
                raise misfit(f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', kind)
            keys = {page["id"]: page[kind] for page in pages}
        else:
            name = _name(sort.get("property"), schema, f"{path}.property")
            keys = {page["id"]: _sortable(page["properties"][name], schema[name]) for page in pages}
        filled = [page for page in pages if keys[page["id"]] is not None]
        filled.sort(key=lambda page: keys[page["id"]], reverse=direction == "descending")
        pages = filled + [page for page in pages if keys[page["id"]] is None]
    return pages


def comparable(value: Json) -> Any:
    """A property's value as a filter sees it: text, number, names, or the start of a date; None or empty when unset."""
    kind = value["type"]
    held = value[kind]
    if kind in ("title", "rich_text"):
        return plain(held)
    if kind in _TEXTUAL:
        return held or ""
    if kind in ("select", "status"):
        return held["name"] if held else None
    if kind == "multi_select":
        return [option["name"] for option in held]
    if kind == "people":
        return [person["id"] for person in held]
    if kind == "date":
        return held["start"] if held else None
    return held


def _sortable(value: Json, column: Json) -> Any:
    held, kind = comparable(value), value["type"]
    if kind in ("select", "status") and held is not None:
        return next(place for place, option in enumerate(column[kind]["options"]) if option["name"] == held)
    if isinstance(held, str):
        return held.casefold() or None
    return held if held != [] else None


def _name(given: Any, schema: Json, path: str) -> str:
    if given is None:
        raise misfit(path, "defined", None)
    for name, column in schema.items():
        if given in (name, column["id"]):
            return name
    raise invalid(f"Could not find property with name or id: {given}")


def _passes(kind: str, value: Any, condition: Json, now: datetime, path: str) -> bool:
    if len(condition) != 1:
        raise misfit(path, "an object with one condition", condition)
    [(operator, wanted)] = condition.items()
    if operator in ("is_empty", "is_not_empty"):
        empty = value in (None, "", [])
        return empty if operator == "is_empty" else not empty
    if kind in _DATED and operator not in _DATE_TESTS:
        return _within(value, operator, now, path)
    tests = (
        _TEXT_TESTS if kind in _TEXTUAL
        else _DATE_TESTS if kind in _DATED
        else _NUMBER_TESTS if kind == "number"
        else _LIST_TESTS if kind in ("multi_select", "people")
        else _CHOICE_TESTS
    )  # fmt: skip
    if operator not in tests:
        raise misfit(f"{path}.{operator}", "not present", wanted)
    expected = (int, float) if kind == "number" else bool if kind == "checkbox" else str
    if not isinstance(wanted, expected) or (kind == "number" and isinstance(wanted, bool)):
        raise misfit(f"{path}.{operator}", "a number" if kind == "number" else f"a {kind} value", wanted)
    return tests[operator](value, wanted)


def _within(value: str | None, operator: str, now: datetime, path: str) -> bool:
    """past_week, next_month, this_week and the like, counted in days from the stand-in's present."""
    direction, _, span = operator.partition("_")
    if span not in _SPANS or direction not in ("past", "next", "this") or operator in ("this_month", "this_year"):
        raise misfit(f"{path}.{operator}", "not present", {})
    if value is None:
        return False
    day, today = value[:10], now.date()
    if direction == "this":
        monday = today - timedelta(days=today.weekday())
        return monday.isoformat() <= day <= (monday + timedelta(days=6)).isoformat()
    reach = timedelta(days=_SPANS[span])
    first, last = (today - reach, today) if direction == "past" else (today, today + reach)
    return first.isoformat() <= day <= last.isoformat()
