"""Notion: pages and the entries of data sources by their titles, blocks and comments by number.

    Tasks                       a data source, Tasks/columns/Status what its property Status may be
    Tasks/Call the baker        an entry; Tasks/Call the baker/Status its property, .../comments/1 its first comment
    Ilmilo Trust/How we work    a page below another; .../content/2 its second block, marked as in Markdown

The objects of the API's answers are those of its state, so that both are read alike. What is in the trash is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.tasks.facts import Facts
from evaluation.tasks.services.record import Book, Json, Names, Record, as_json
from toolsets.trajectory import Observation

_WRITING = frozenset(("API-post-page", "API-patch-page", "API-patch-block-children", "API-create-a-comment"))
_MARKS: Mapping[str, str] = {
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "bulleted_list_item": "- ",
    "numbered_list_item": "1. ",
    "quote": "> ",
}


def record(snapshot: Json, known: Names) -> Record:
    """Of the stand-in's state."""
    objects, children = snapshot["objects"], snapshot["children"]
    book = Book(known)
    for item in objects.values():  # what is above something was made before it
        if item.get("in_trash"):
            continue
        match item["object"]:
            case "data_source":
                path = book.enter(item["id"], _plain(item["title"]))
                book.names[item["parent"]["database_id"]] = path
                book.put(path, _fields(item))
            case "page" if (above := _above(book, item)) is not None:
                _page(book, item, above)
                _content(book, objects, children, item["id"], f"{book.names[item['id']]}/content")
            case "comment" if (above := _above(book, item)) is not None:
                book.texts[book.count(item["id"], f"{above}/comments")] = _plain(item["rich_text"])
    return book.close()


def facts(seen: Observation, names: Names) -> Facts:
    """What a result shows of the objects in it."""
    listed, texts = set[str](), dict[str, str]()
    for item in _objects(as_json(seen)):
        if (path := names.get(item["id"])) is None:
            continue
        listed.add(path)
        if item["object"] in ("block", "comment"):
            texts[path] = _line(item) if item["object"] == "block" else _plain(item["rich_text"])
        else:
            texts |= {f"{path}/{name}": text for name, text in _fields(item) if text}
    return Facts(frozenset(listed), texts=texts)


def changed(seen: Observation, names: Names) -> Iterator[str]:
    """What writing tools answer with is what they wrote."""
    if seen.tool in _WRITING and not seen.result.is_error:
        yield from (names[item["id"]] for item in _objects(as_json(seen)) if item["id"] in names)


def _objects(answer: Any) -> Iterator[Json]:
    if isinstance(answer, dict):
        found = answer.get("results", ()) if answer.get("object") == "list" else (answer,)
        yield from (item for item in found if "id" in item and "object" in item)


def _page(book: Book, page: Json, above: str) -> None:
    title = next(_plain(value["title"]) for value in page["properties"].values() if value["type"] == "title")
    wanted = f"{above}/{title}" if above else title
    path = book.enter(page["id"], wanted)
    book.retitle(path, "title", wanted, title)
    book.put(path, _fields(page))


def _above(book: Book, item: Json) -> str | None:
    """The path of what something is in, empty at the top; None where that is gone."""
    parent = item["parent"]
    return "" if parent["type"] == "workspace" else book.names.get(parent[parent["type"]])


def _content(book: Book, objects: Json, children: Mapping[str, list[str]], container: str, folder: str) -> None:
    for block in (objects[child] for child in children.get(container, ())):
        if block["object"] == "block" and not block["in_trash"]:
            path = book.count(block["id"], folder)
            book.texts[path] = _line(block)
            _content(book, objects, children, block["id"], path)


def _line(block: Json) -> str:
    kind = block["type"]
    held = block[kind]
    if kind.startswith("child_"):
        return str(held["title"])
    if kind in ("divider", "bookmark"):
        return str(held.get("url", "---"))
    box = ("[x] " if held["checked"] else "[ ] ") if kind == "to_do" else ""
    return _MARKS.get(kind, "") + box + _plain(held["rich_text"])


def _fields(item: Json) -> Iterator[tuple[str, str]]:
    """Of a page its properties, its icon and its cover; of a data source what each property may be."""
    if item["object"] == "data_source":
        yield from ((f"columns/{name}", _column(column)) for name, column in item["properties"].items())
        return
    for name, value in item["properties"].items():
        yield name, _value(value["type"], value[value["type"]])
    yield "icon", (item["icon"] or {}).get("emoji", "")
    yield "cover", (item["cover"] or {}).get("external", {}).get("url", "")


def _column(column: Json) -> str:
    options = ", ".join(option["name"] for option in column[column["type"]].get("options", ()))
    return f"{column['type']}: {options}" if options else str(column["type"])


def _value(kind: str, held: Any) -> str:
    """A property as text; times that the service keeps by itself and the title, which is in the path, are left out."""
    if held in (None, False, []) or kind in ("title", "created_time", "last_edited_time", "created_by"):
        return ""
    match kind:
        case "rich_text":
            return _plain(held)
        case "select" | "status":
            return str(held["name"])
        case "multi_select" | "people":
            return ", ".join(sorted(entry["name"] for entry in held))
        case "date":
            return " to ".join(filter(None, (held["start"], held["end"])))
        case "number":
            return str(int(held)) if held == int(held) else str(held)
        case "checkbox":
            return "checked"
        case _:
            return str(held)


def _plain(runs: list[Json]) -> str:
    return "".join(run["plain_text"] for run in runs)
