"""Objects as the schema shows them: a dict of fields, where a field with arguments is a function."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from evaluation.standins.monday.columns import Json, as_text
from evaluation.standins.monday.rules import page
from evaluation.standins.monday.state import MondayState


def board_view(state: MondayState, board: Json) -> Json:
    def items_page(_: Any, limit: int, cursor: str | None = None, query_params: Json | None = None) -> Json:
        items, following = page(state, board, limit, cursor, query_params)
        return {"items": [item_view(state, item) for item in items], "cursor": following}

    def updates(
        _: Any,
        limit: int,
        page: int,
        board_updates_only: bool,
        from_date: str | None = None,
        to_date: str | None = None,
    ) -> list[Json]:
        # An update about the board as a whole is made in the web client only, and nobody has made one.
        ids = {item["id"] for item in state.items_of(board)} if not board_updates_only else set()
        found = [update for update in state.updates.values() if update["item_id"] in ids]
        first, last = from_date or "", to_date or "9"
        return _update_page(state, [each for each in found if first <= each["created_at"] <= last], limit, page)

    workspace = state.workspaces[board["workspace_id"]]
    return {
        **board,
        "board_folder_id": board["folder_id"],
        "items_count": len(state.items_of(board)),
        "items_limit": 10_000,
        "creator": state.users[board["creator_id"]],
        "owners": [state.users[board["creator_id"]]],
        "team_owners": [],
        "tags": [],
        "views": [],
        "workspace": workspace,
        "top_group": board["groups"][0],
        "columns": [{**column, "revision": str(number)} for number, column in enumerate(board["columns"])],
        "items_page": items_page,
        "updates": updates,
    }


def item_view(state: MondayState, item: Json) -> Json:
    board = state.boards[item["board_id"]]

    def column_values(_: Any, ids: Sequence[str] | None = None) -> list[Json]:
        columns = [column for column in board["columns"] if column["type"] not in ("name", "subtasks")]
        return [_value_view(state, column, item) for column in columns if ids is None or column["id"] in ids]

    def updates(_: Any, limit: int, page: int) -> list[Json]:
        found = [update for update in state.updates.values() if update["item_id"] == item["id"]]
        return _update_page(state, found, limit, page)

    return {
        **item,
        "board": lambda _: board_view(state, board),
        "group": state.group(board, item["group_id"]),
        "parent_item": lambda _: item_view(state, state.items[item["parent_id"]]) if item["parent_id"] else None,
        "subitems": lambda _: [
            item_view(state, each) for each in state.items.values() if each["parent_id"] == item["id"]
        ],
        "column_values": column_values,
        "description": None,
        "updates": updates,
    }


def update_view(state: MondayState, update: Json) -> Json:
    replies = [each for each in state.updates.values() if each["parent_id"] == update["id"]]
    return {
        **update,
        "item": lambda _: item_view(state, state.items[update["item_id"]]),
        "creator": state.users[update["creator_id"]],
        "replies": [{**reply, "creator": state.users[reply["creator_id"]]} for reply in replies],
        "assets": [],
    }


def search_view(state: MondayState) -> Json:
    """All words of a query have to be in what is searched, which is names, and the text of updates."""

    def boards(_: Any, query: str, limit: int, workspace_ids: Sequence[str] | None = None) -> Json:
        found = [
            {"id": board["id"], "name": board["name"], "url": board["url"], "workspace_id": board["workspace_id"]}
            for board in state.boards.values()
            if _hit(query, board["name"]) and _among(board["workspace_id"], workspace_ids)
        ]
        return _hits(found, limit)

    def items(
        _: Any,
        query: str,
        limit: int,
        workspace_ids: Sequence[str] | None = None,
        board_ids: Sequence[str] | None = None,
        creator_ids: Sequence[str] | None = None,
    ) -> Json:
        found = []
        for item in state.items.values():
            workspace = state.boards[item["board_id"]]["workspace_id"]
            if (
                _hit(query, item["name"])
                and _among(workspace, workspace_ids)
                and _among(item["board_id"], board_ids)
                and _among(item["creator_id"], creator_ids)
            ):
                kept = {name: item[name] for name in ("id", "name", "url", "board_id")}
                found.append({**kept, "workspace_id": workspace})
        return _hits(found, limit)

    def updates(
        _: Any, query: str, limit: int, board_ids: Sequence[str] | None = None, creator_ids: Sequence[str] | None = None
    ) -> Json:
        found = []
        for update in state.updates.values():
            board = state.items[update["item_id"]]["board_id"]
            if (
                _hit(query, update["text_body"])
                and _among(board, board_ids)
                and _among(update["creator_id"], creator_ids)
            ):
                kept = {name: update[name] for name in ("id", "body", "creator_id", "item_id")}
                found.append({**kept, "board_id": board})
        return _hits(found, limit)

    def workspaces(_: Any, query: str, limit: int) -> Json:
        return _hits([workspace for workspace in state.workspaces.values() if _hit(query, workspace["name"])], limit)

    def nothing(_: Any, **arguments: Any) -> Json:
        return {"results": []}  # documents, dashboards and timelines: the account has none

    absent = {"docs": nothing, "timeline_items": nothing, "overviews": nothing}
    return {"boards": boards, "items": items, "updates": updates, "workspaces": workspaces, **absent}


def _value_view(state: MondayState, column: Json, item: Json) -> Json:
    value = item["values"].get(column["id"])
    return {
        "__typename": "PlainValue",
        "id": column["id"],
        "type": column["type"],
        "text": as_text(column, value, state.people),
        "value": None if value is None else json.dumps(value, ensure_ascii=False),
    }


def _update_page(state: MondayState, updates: Iterable[Json], limit: int, page: int) -> list[Json]:
    """Newest first; replies are shown below what they reply to."""
    newest = [update_view(state, update) for update in reversed(list(updates)) if update["parent_id"] is None]
    return newest[limit * (page - 1) : limit * page]


def _hit(query: str, text: str) -> bool:
    return all(word in text.casefold() for word in query.casefold().split())


def _among(value: str, allowed: Sequence[str] | None) -> bool:
    return allowed is None or value in allowed


def _hits(found: list[Json], limit: int) -> Json:
    return {"results": [{"id": data["id"], "indexed_data": data} for data in found[:limit]]}
