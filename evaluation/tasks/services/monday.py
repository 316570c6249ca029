"""monday.com: boards with columns, groups and items by their names, updates and replies by number.

    Cedar Delta                        a board; its description in .../description
    Cedar Delta/columns/status         a column's title, and its labels
    Cedar Delta/groups/Later           a group
    Cedar Delta/Call the baker         an item; .../group its group, .../status a column, .../updates/1 an update

A subitem is below its item. An update's number is its own for good; the API shows the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluation.tasks.facts import Facts
from evaluation.tasks.services.record import Book, Json, Names, Record, as_json
from toolsets.trajectory import Observation

_HIDDEN = ("name", "subtasks")


def record(snapshot: Json, known: Names) -> Record:
    """Of the stand-in's state."""
    from evaluation.standins.monday.columns import as_text  # comes with a web server, which no judge needs

    book = Book(known)
    boards = snapshot["boards"]
    people = {identifier: user["name"] for identifier, user in snapshot["users"].items()}
    for board in boards.values():
        if board["board_kind"] == "sub_items_board":
            continue
        path = book.enter(board["id"], board["name"])
        book.put(path, _about(board))
        for group in board["groups"]:
            book.enter(_group(board["id"], group["id"]), f"{path}/groups/{group['title']}")
    for item in snapshot["items"].values():
        board = boards[item["board_id"]]
        wanted = f"{book.names[item['parent_id'] or item['board_id']]}/{item['name']}"
        path = book.enter(item["id"], wanted)
        book.retitle(path, "name", wanted, item["name"])
        titles = {group["id"]: group["title"] for group in board["groups"]}
        if not item["parent_id"]:
            book.texts[f"{path}/group"] = titles[item["group_id"]]
        columns = [column for column in board["columns"] if column["id"] in item["values"]]
        book.put(path, ((column["id"], as_text(column, item["values"][column["id"]], people)) for column in columns))
    for update in snapshot["updates"].values():
        above = update["parent_id"]
        folder = f"{book.names[above]}/replies" if above else f"{book.names[update['item_id']]}/updates"
        book.texts[book.count(update["id"], folder)] = update["text_body"]
    return book.close()


def facts(seen: Observation, names: Names) -> Facts:
    """What a result shows of the boards, groups, items and updates in it."""
    answer = as_json(seen)
    if not isinstance(answer, dict):
        return Facts()
    shown: dict[str, str | None] = {}
    match seen.tool:
        case "search":
            shown = {names[found["id"]]: None for found in answer.get("data", ()) if found["id"] in names}
        case "get_board_info":
            shown = dict(_shown_board(answer.get("board"), names))
        case "get_board_items_page":
            shown = dict(_shown_items(answer.get("items", ()), names))
        case "get_updates":
            shown = dict(_shown_updates(answer.get("updates", ()), names))
    texts = {path: text for path, text in shown.items() if text}
    return Facts(frozenset(shown.keys() - texts.keys()), texts=texts)


def changed(seen: Observation, names: Names) -> Iterator[str]:
    """What the answers of writing tools say that they wrote."""
    if seen.result.is_error:
        return
    answer = as_json(seen) or {}
    match seen.tool:
        case "create_item" | "change_item_column_values":
            identifier = str(answer.get("item_id"))
        case "create_update":
            identifier = str(answer.get("update_id"))
        case "create_group":
            identifier = _group(answer.get("board_id"), answer.get("group_id"))
        case "move_item_to_group":
            identifier = seen.result.text.removeprefix("Item ").partition(" ")[0]
        case _:
            return
    if identifier in names:
        yield names[identifier]


def _group(board: object, group: object) -> str:
    """A group's id is its own on its board only."""
    return f"{board}:{group}"


def _about(board: Json) -> Iterator[tuple[str, str]]:
    yield "description", board["description"] or ""
    for column in board["columns"]:
        if column["type"] not in _HIDDEN:
            labels = ", ".join(label["label"] for label in column["settings"].get("labels", ()))
            yield f"columns/{column['id']}", f"{column['title']}: {labels}" if labels else column["title"]


def _shown_board(board: Json | None, names: Names) -> Iterator[tuple[str, str | None]]:
    if board is None or (path := names.get(board["id"])) is None:
        return
    yield path, None
    yield from ((f"{path}/{name}", text) for name, text in _about(board))
    for group in board["groups"]:
        if (place := names.get(_group(board["id"], group["id"]))) is not None:
            yield place, None


def _shown_items(items: Iterable[Json], names: Names) -> Iterator[tuple[str, str | None]]:
    for item in items:
        if (path := names.get(item["id"])) is None:
            continue
        yield path, None
        if "group" in item:
            yield f"{path}/group", item["group"]["title"]
        for column, text in item.get("column_values", {}).items():
            if isinstance(text, str) and text:
                yield f"{path}/{column}", text
        yield from _shown_items(item.get("subitems", []), names)


def _shown_updates(updates: Iterable[Json], names: Names) -> Iterator[tuple[str, str | None]]:
    for update in updates:
        if (path := names.get(update["id"])) is not None:
            yield path, update["text_body"]
        yield from _shown_updates(update.get("replies", ()), names)
