"""Column values: how a request may write them, how they are kept, and how they read as text.

The forms follow https://developer.monday.com/api-reference/reference/column-types-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from evaluation.standins.monday.errors import misfit

Json = dict[str, Any]

_STATUS_COLORS = ("#fdab3d", "#00c875", "#df2f4a", "#007eb5", "#9d50dd", "#037f4c", "#ffcb00", "#bb3354")
_EMPTY: tuple[Any, ...] = (None, "", {}, [])


@dataclass(frozen=True)
class Writing:
    """One value being written: its column, whether it may make labels, and who there is to assign."""

    column: Json
    people: Mapping[str, str]
    may_make_labels: bool

    def wrong(self, value: Any, reason: str) -> Exception:
        return misfit(self.column, value, reason)


def write(writing: Writing, given: Any) -> Any:
    """The value to keep, None when it is emptied. Raises the API's error for one that does not fit the column."""
    kind = writing.column["type"]
    if kind not in _WRITERS:
        raise writing.wrong(given, f"a column of type {kind} cannot be changed")
    return None if given in _EMPTY else _WRITERS[kind](writing, given)


def as_text(column: Json, value: Any, people: Mapping[str, str]) -> str:
    """As a person reads it on the board."""
    if value is None:
        return ""
    kind = column["type"]
    if kind == "status":
        return str(_label(column, "index", value["index"])["label"])
    if kind == "dropdown":
        return ", ".join(_label(column, "id", number)["label"] for number in value["ids"])
    if kind == "people":
        return ", ".join(people[str(person["id"])] for person in value["personsAndTeams"])
    if kind == "timeline":
        return f"{value['from']} - {value['to']}"
    if kind == "date":
        return f"{value['date']} {value['time'][:5]}" if value.get("time") else str(value["date"])
    if kind == "checkbox":
        return "v"
    if kind == "link":
        return f"{value['text']} - {value['url']}" if value["text"] != value["url"] else str(value["url"])
    member = {"long_text": "text", "email": "email", "phone": "phone"}.get(kind)
    return str(value[member] if member else value)


def labels(column: Json) -> list[Json]:
    found: list[Json] = column["settings"]["labels"]
    return found


def _label(column: Json, key: str, wanted: Any) -> Json:
    return next(label for label in labels(column) if label[key] == wanted)


def _status(w: Writing, given: Any) -> Json:
    known = labels(w.column)
    wanted = given.get("label", given.get("index")) if isinstance(given, dict) else given
    for label in known:
        if wanted == label["label"] or str(wanted) == str(label["index"]):
            return {"index": label["index"], "post_id": None}
    if not isinstance(wanted, str) or not w.may_make_labels:
        possible = ", ".join(f"{label['index']}: {label['label']}" for label in known)
        raise w.wrong(given, f"This status label doesn't exist, possible statuses are: {{{possible}}}")
    index = max((label["index"] for label in known), default=-1) + 1
    known.append({"id": index, "index": index, "label": wanted, "color": _STATUS_COLORS[index % 8], "is_done": False})
    return {"index": index, "post_id": None}


def _dropdown(w: Writing, given: Any) -> Json | None:
    known = labels(w.column)
    wanted = given.get("labels", given.get("ids", given.get("label"))) if isinstance(given, dict) else given
    entries = [part.strip() for part in wanted.split(",")] if isinstance(wanted, str) else wanted
    if not isinstance(entries, list):
        raise w.wrong(given, 'invalid value: expected {"labels": ["..."]} or {"ids": [...]}')
    numbers = []
    for entry in entries:
        found = next((label for label in known if entry == label["label"] or str(entry) == str(label["id"])), None)
        if found is None:
            if not isinstance(entry, str) or not w.may_make_labels:
                possible = ", ".join(label["label"] for label in known)
                raise w.wrong(
                    given, f"The dropdown label '{entry}' does not exist, possible labels are: {{{possible}}}"
                )
            found = {"id": len(known) + 1, "label": entry}
            known.append(found)
        numbers.append(found["id"])
    return {"ids": numbers} if numbers else None


def _date(w: Writing, given: Any) -> Json:
    entry = given if isinstance(given, dict) else {"date": given}
    moment = entry.get("time") or None
    if moment is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", str(moment)):
        raise w.wrong(given, "invalid value: time must be HH:MM:SS")
    return {"date": _day(w, entry.get("date"), given), "time": moment}


def _timeline(w: Writing, given: Any) -> Json:
    if not isinstance(given, dict):
        raise w.wrong(given, 'invalid value: expected {"from": "YYYY-MM-DD", "to": "YYYY-MM-DD"}')
    first, last = _day(w, given.get("from"), given), _day(w, given.get("to"), given)
    if last < first:
        raise w.wrong(given, "invalid value: the timeline ends before it begins")
    return {"from": first, "to": last}


def _day(w: Writing, value: Any, given: Any) -> str:
    try:
        if len(value) != len("YYYY-MM-DD"):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise w.wrong(given, f"invalid value: {value!r} is not a date of the form YYYY-MM-DD") from None


def _people(w: Writing, given: Any) -> Json | None:
    if isinstance(given, dict):
        entries = given.get("personsAndTeams")
        wanted = [entry.get("id") for entry in entries] if isinstance(entries, list) else None
    else:
        wanted = re.split(r"[,\s]+", str(given).strip())
    if wanted is None:
        raise w.wrong(given, 'invalid value: expected {"personsAndTeams": [{"id": 1, "kind": "person"}]}')
    for person in wanted:
        if str(person) not in w.people:
            raise w.wrong(given, f"invalid value: there is no user with the ID {person}")
    people = [{"id": int(person), "kind": "person"} for person in wanted]
    return {"personsAndTeams": people} if people else None


def _number(w: Writing, given: Any) -> str:
    if isinstance(given, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(given).strip()):
        raise w.wrong(given, "invalid value: expected a number")
    return str(given).strip()


def _checkbox(w: Writing, given: Any) -> Json | None:
    wanted = given.get("checked") if isinstance(given, dict) else given
    if str(wanted).lower() not in ("true", "false"):
        raise w.wrong(given, 'invalid value: expected {"checked": "true"}')
    return {"checked": True} if str(wanted).lower() == "true" else None


def _text(w: Writing, given: Any) -> str:
    if not isinstance(given, str | int | float) or isinstance(given, bool):
        raise w.wrong(given, "invalid value: expected a string")
    return str(given)


def _long_text(w: Writing, given: Any) -> Json:
    return {"text": _text(w, given.get("text") if isinstance(given, dict) else given)}


def _email(w: Writing, given: Any) -> Json:
    entry = given if isinstance(given, dict) else {"email": given}
    address = _text(w, entry.get("email"))
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", address):
        raise w.wrong(given, f"invalid value: {address!r} is not an email address")
    return {"email": address, "text": entry.get("text") or address}


def _phone(w: Writing, given: Any) -> Json:
    entry = given if isinstance(given, dict) else {"phone": given}
    return {"phone": _text(w, entry.get("phone")), "countryShortName": entry.get("countryShortName") or ""}


def _link(w: Writing, given: Any) -> Json:
    entry = given if isinstance(given, dict) else {"url": given}
    url = _text(w, entry.get("url"))
    if not re.match(r"https?://", url):
        raise w.wrong(given, f"invalid value: {url!r} is not a web address")
    return {"url": url, "text": entry.get("text") or url}


_WRITERS: Mapping[str, Callable[[Writing, Any], Any]] = {
    "status": _status,
    "dropdown": _dropdown,
    "date": _date,
    "timeline": _timeline,
    "people": _people,
    "numbers": _number,
    "checkbox": _checkbox,
    "text": _text,
    "long_text": _long_text,
    "email": _email,
    "phone": _phone,
    "link": _link,
}
