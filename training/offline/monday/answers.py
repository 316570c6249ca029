"""The tools' answers, read as far as plans need them, and told as the assistant tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from training.offline.answers import counted
from training.offline.monday.view import Json
from training.offline.script import Unfit

_SHOWN = 12


def read(text: str) -> Json:
    answer: Json = json.loads(text)
    return answer


def hits(text: str) -> list[Json]:
    """What a search found: each with its ID and title."""
    found: list[Json] = json.loads(text)["data"]
    return found


def the_only(items: Sequence[Json], wanted: str | None = None) -> Json:
    """The one of them, or the one of that title. Raises Unfit."""
    found = [item for item in items if wanted is None or item["title"] == wanted]
    if len(found) != 1:
        raise Unfit("not exactly one is found")
    return found[0]


def found(text: str, what: str) -> str:
    data = hits(text)
    if not data:
        return f"I found nothing for “{what}”."
    names = "; ".join(f"{plain(each['title'])} ({each['id']})" for each in data[:_SHOWN])
    more = f"; and {len(data) - _SHOWN} more" if len(data) > _SHOWN else ""
    return f"{counted(len(data), 'result')} for “{what}”: {names}{more}."


def board(text: str) -> Json:
    info: Json = json.loads(text)["board"]
    return info


def items(text: str) -> list[Json]:
    found: list[Json] = json.loads(text)["items"]
    return found


def listed(text: str) -> str:
    """Items by their names."""
    found = items(text)
    if not found:
        return "There are no such items."
    names = "; ".join(str(each["name"]) for each in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{counted(len(found), 'item')}: {names}{more}."


def detailed(text: str) -> str:
    """Items with what their columns say."""
    lines = []
    for item in items(text):
        told = ", ".join(f"{column}: {value}" for column, value in item["column_values"].items() if value)
        lines.append(f"{item['name']} ({told})")
    return "\n".join(lines)


def overview(text: str) -> str:
    info = board(text)
    return (
        f"{info['name']} has {counted(info['items_count'], 'item')}, the columns {columns(info)}, and the groups "
        f"{groups(info)}."
    )


def columns(info: Json) -> str:
    return ", ".join(f"{column['title']} ({column['id']})" for column in info["columns"])


def groups(info: Json) -> str:
    return ", ".join(f"{group['title']} ({group['id']})" for group in info["groups"])


def group_id(info: Json, title: str) -> str:
    """Raises Unfit where not exactly one group has the title."""
    found = [group["id"] for group in info["groups"] if group["title"] == title]
    if len(found) != 1:
        raise Unfit("not exactly one group has this title")
    return str(found[0])


def updates(text: str) -> str:
    """Who wrote what. Where there is nothing, the tool says so in words."""
    if not text.startswith("{"):
        return "There are no updates."
    lines = []
    for each in read(text)["updates"]:
        lines.append(f"{each['creator']['name']}: {each['text_body']}")
        lines += [f"  {reply['creator']['name']} replied: {reply['text_body']}" for reply in each.get("replies", ())]
    return "\n".join(lines)


def plain(title: str) -> str:
    """A title without the marks of an update's HTML."""
    return title.removeprefix("<p>").removesuffix("</p>")
