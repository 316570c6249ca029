"""Which items of a board a page shows, and in which order.

https://developer.monday.com/api-reference/reference/items-page
"""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from evaluation.standins.monday.columns import Json, as_text, labels
from evaluation.standins.monday.errors import failure
from evaluation.standins.monday.state import MondayState

Test = Callable[[str, str], bool]

_MAX_LIMIT = 500
_SPANS = {"DAYS": 1, "WEEKS": 7, "MONTHS": 30}  # days
_TEXT_TESTS: Mapping[str, Test] = {
    "contains_text": lambda text, wanted: wanted in text,
    "not_contains_text": lambda text, wanted: wanted not in text,
    "contains_terms": lambda text, wanted: all(term in text for term in wanted.split()),
    "starts_with": lambda text, wanted: text.startswith(wanted),
    "ends_with": lambda text, wanted: text.endswith(wanted),
}
_ORDER_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "greater_than": operator.gt,
    "greater_than_or_equals": operator.ge,
    "lower_than": operator.lt,
    "lower_than_or_equal": operator.le,
}


def page(
    state: MondayState, board: Json, limit: int, cursor: str | None, query: Json | None
) -> tuple[list[Json], str | None]:
    """One page of a board's items and the cursor of the next, which holds what is still to come."""
    if not 1 <= limit <= _MAX_LIMIT:
        raise failure("InvalidArgumentException", f"limit must be between 1 and {_MAX_LIMIT}", limit=limit)
    ids = _read_cursor(cursor) if cursor else [item["id"] for item in _selected(state, board, query or {})]
    rest = ids[limit:]
    items = [state.items[identifier] for identifier in ids[:limit] if identifier in state.items]
    return items, _write_cursor(rest) if rest else None


def _selected(state: MondayState, board: Json, query: Json) -> list[Json]:
    items = state.items_of(board)
    if query.get("ids") is not None:
        wanted = set(query["ids"])
        items = [item for item in items if item["id"] in wanted]
    rules: Sequence[Json] = query.get("rules") or ()
    combine = any if query.get("operator") == "or" else all
    if rules:
        items = [item for item in items if combine([_passes(state, board, item, rule) for rule in rules])]
    for order in reversed(query.get("order_by") or ()):
        key = _sort_key(state, board, order["column_id"])
        filled = [item for item in items if key(item) not in (None, "")]
        filled.sort(key=key, reverse=order.get("direction") == "desc")
        items = filled + [item for item in items if key(item) in (None, "")]
    return items


def _passes(state: MondayState, board: Json, item: Json, rule: Json) -> bool:
    column = _column(state, board, rule["column_id"])
    relation, wanted = rule.get("operator", "any_of"), rule["compare_value"]
    text = _text(state, column, item)
    if relation in ("is_empty", "is_not_empty"):
        return bool((text == "") == (relation == "is_empty"))
    if relation in ("any_of", "not_any_of"):
        return bool(_is_any(column, item, text, wanted) == (relation == "any_of"))
    if relation in _TEXT_TESTS:
        return _TEXT_TESTS[relation](text.casefold(), str(_only(wanted)).casefold())
    value = _measure(column, text)
    if value is None:
        return False
    if relation in _ORDER_TESTS:
        return _ORDER_TESTS[relation](value, _measured(column, _only(wanted), state))
    if relation == "between":
        if not isinstance(wanted, list) or len(wanted) != 2:
            raise failure("InvalidArgumentException", "between needs two values", compare_value=wanted)
        first, last = (_measured(column, bound, state) for bound in wanted)
        return bool(first <= value <= last)
    return _within(column, str(value), relation, wanted, state)


def _is_any(column: Json, item: Json, text: str, wanted: Any) -> bool:
    """Labels are compared by index or by name, people by id or by name, everything else by its text."""
    entries = {str(entry).casefold() for entry in (wanted if isinstance(wanted, list) else [wanted])}
    entries |= {entry.removeprefix("person-") for entry in entries}
    value = item["values"].get(column["id"])
    names = {text.casefold()}
    if column["type"] == "status" and value is not None:
        names.add(str(value["index"]))
    elif column["type"] == "dropdown" and value is not None:
        names |= {str(number) for number in value["ids"]}
        names |= {label["label"].casefold() for label in labels(column) if label["id"] in value["ids"]}
    elif column["type"] == "people" and value is not None:
        names |= {str(person["id"]) for person in value["personsAndTeams"]}
    elif column["type"] == "group":
        names.add(item["group_id"])
    return bool(names & entries)


def _column(state: MondayState, board: Json, identifier: str) -> Json:
    """A column, or one of the two that every board has without listing them."""
    if identifier in ("group", "__creation_log__", "__last_updated__"):
        return {"id": identifier, "type": "group" if identifier == "group" else "date", "title": identifier}
    return state.column(board, identifier)


def _text(state: MondayState, column: Json, item: Json) -> str:
    special = {"name": "name", "__creation_log__": "created_at", "__last_updated__": "updated_at"}
    if column["id"] in special:
        return str(item[special[column["id"]]])
    if column["type"] == "group":
        return str(item["group_id"])
    return as_text(column, item["values"].get(column["id"]), state.people)


def _measure(column: Json, text: str) -> Any:
    """A value that can be compared by size: a number, or a date as YYYY-MM-DD."""
    if not text:
        return None
    if column["type"] == "numbers":
        return float(text)
    return text[:10] if column["type"] in ("date", "timeline") else text.casefold()


def _measured(column: Json, wanted: Any, state: MondayState) -> Any:
    if column["type"] == "numbers":
        try:
            return float(wanted)
        except (TypeError, ValueError):
            raise failure(
                "InvalidArgumentException", "this column compares with numbers", compare_value=wanted
            ) from None
    days = {"TODAY": 0, "TOMORROW": 1, "YESTERDAY": -1}
    if str(wanted).upper() in days:
        return (state.clock.now.date() + timedelta(days=days[str(wanted).upper()])).isoformat()
    return str(wanted) if column["type"] in ("date", "timeline") else str(wanted).casefold()


def _within(column: Json, value: str, relation: str, wanted: Any, state: MondayState) -> bool:
    """within_the_next and within_the_last: a number of days, or ["2", "WEEKS"]."""
    amount, unit = (wanted[0], wanted[1]) if isinstance(wanted, list) and len(wanted) == 2 else (_only(wanted), "DAYS")
    if column["type"] not in ("date", "timeline") or str(unit).upper() not in _SPANS or not str(amount).isdigit():
        raise failure(
            "InvalidArgumentException", f"{relation} needs a date column and a time span", compare_value=wanted
        )
    today = state.clock.now.date()
    reach = timedelta(days=int(amount) * _SPANS[str(unit).upper()])
    first, last = (today, today + reach) if relation == "within_the_next" else (today - reach, today)
    return first <= date.fromisoformat(value) <= last


def _only(wanted: Any) -> Any:
    """A list of one, or an exact date as the web client sends it, means its value."""
    if isinstance(wanted, list):
        return wanted[-1] if wanted else ""
    return wanted


def _sort_key(state: MondayState, board: Json, identifier: str) -> Callable[[Json], Any]:
    column = _column(state, board, identifier)
    if column["type"] == "status":
        places = {label["label"]: place for place, label in enumerate(labels(column))}
        return lambda item: places.get(_text(state, column, item))
    return lambda item: _measure(column, _text(state, column, item))


def _write_cursor(ids: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(ids).encode()).decode()


def _read_cursor(cursor: str) -> list[str]:
    try:
        ids = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        ids = None
    if not isinstance(ids, list):
        raise failure("CursorException", "The cursor provided is not valid or has expired", cursor=cursor)
    return ids
