"""The queries and mutations, by the names of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from evaluation.standins.monday.columns import Json
from evaluation.standins.monday.errors import failure, missing
from evaluation.standins.monday.state import GROUP_COLORS, MondayState, checked_name, parsed
from evaluation.standins.monday.views import board_view, item_view, search_view, update_view

_NAME = "name"  # not a column to be written, but what an item is called


class Queries:
    def __init__(self, state: MondayState) -> None:
        self._state = state

    def boards(
        self,
        _: Any,
        limit: int,
        page: int,
        ids: Sequence[str] | None = None,
        workspace_ids: Sequence[str] | None = None,
        **rest: Any,
    ) -> list[Json]:
        state = self._state
        found = [
            board
            for board in state.boards.values()
            if (ids is None or board["id"] in ids)
            and (workspace_ids is None or board["workspace_id"] in workspace_ids)
            and (ids is not None or board["board_kind"] != "sub_items_board")
        ]
        return [board_view(state, board) for board in _page(found, limit, page)]

    def items(self, _: Any, limit: int, page: int, ids: Sequence[str] | None = None) -> list[Json]:
        if ids is None:
            raise failure("InvalidArgumentException", "items can be read by their ids only")
        found = [item for item in self._state.items.values() if item["id"] in ids]
        return [item_view(self._state, item) for item in _page(found, limit, page)]

    def folders(
        self,
        _: Any,
        limit: int,
        page: int,
        ids: Sequence[str] | None = None,
        workspace_ids: Sequence[str] | None = None,
    ) -> list[Json]:
        found = [
            folder
            for folder in self._state.folders.values()
            if (ids is None or folder["id"] in ids)
            and (workspace_ids is None or folder["workspace_id"] in workspace_ids)
        ]
        return _page(found, limit, page)

    def search(self, _: Any) -> Json:
        return search_view(self._state)


class Mutations:
    def __init__(self, state: MondayState) -> None:
        self._state = state

    def create_group(
        self,
        _: Any,
        board_id: str,
        group_name: str,
        group_color: str | None = None,
        relative_to: str | None = None,
        position_relative_method: str | None = None,
    ) -> Json:
        """A new group is the board's first, unless it is told where to be."""
        state, board = self._state, self._state.board(board_id)
        if not group_name.strip():
            raise failure("InvalidArgumentException", "A group needs a name", group_name=group_name)
        if group_color is not None and not group_color.startswith("#"):
            raise failure(
                "InvalidArgumentException", f"Unknown color; one is {GROUP_COLORS[0]}", group_color=group_color
            )
        at = 0
        if relative_to is not None:
            at = board["groups"].index(state.group(board, relative_to)) + (position_relative_method != "before_at")
        return state.add_group(board, group_name, group_color, at)

    def create_item(
        self,
        _: Any,
        board_id: str,
        item_name: str,
        group_id: str | None = None,
        column_values: Any = None,
        create_labels_if_missing: bool | None = None,
    ) -> Json:
        state, board = self._state, self._state.board(board_id)
        group = board["groups"][0] if group_id is None else state.group(board, group_id)
        values = state.values(board, column_values, bool(create_labels_if_missing))
        return item_view(state, state.add_item(board, group, item_name, values))

    def create_subitem(
        self,
        _: Any,
        parent_item_id: str,
        item_name: str,
        column_values: Any = None,
        create_labels_if_missing: bool | None = None,
    ) -> Json:
        state, parent = self._state, self._state.item(parent_item_id)
        board = _subitems_board(state, state.boards[parent["board_id"]])
        values = state.values(board, column_values, bool(create_labels_if_missing))
        return item_view(state, state.add_item(board, board["groups"][0], item_name, values, parent["id"]))

    def duplicate_item(
        self, _: Any, board_id: str, item_id: str | None = None, with_updates: bool | None = None
    ) -> Json:
        state, board = self._state, self._state.board(board_id)
        item = _on_board(state, board, item_id)
        group = state.group(board, item["group_id"])
        made = state.add_item(board, group, f"{item['name']} (copy)", deepcopy(item["values"]), item["parent_id"])
        if with_updates:
            for update in [each for each in state.updates.values() if each["item_id"] == item["id"]]:
                state.add_update(made, update["body"], None)
        return item_view(state, made)

    def change_multiple_column_values(
        self,
        _: Any,
        board_id: str,
        column_values: Any,
        item_id: str | None = None,
        create_labels_if_missing: bool | None = None,
    ) -> Json:
        state, board = self._state, self._state.board(board_id)
        item = _on_board(state, board, item_id)
        given = dict(parsed(column_values))
        name = checked_name(given.pop(_NAME)) if _NAME in given else item["name"]
        values = state.values(board, given, bool(create_labels_if_missing))
        kept = {column: value for column, value in {**item["values"], **values}.items() if value is not None}
        item.update(name=name, values=kept, updated_at=state.now())
        return item_view(state, item)

    def move_item_to_group(self, _: Any, group_id: str, item_id: str | None = None) -> Json:
        state, item = self._state, self._state.item(item_id)
        group = state.group(state.boards[item["board_id"]], group_id)
        item.update(group_id=group["id"], updated_at=state.now())
        return item_view(state, item)

    def create_update(
        self,
        _: Any,
        body: str,
        item_id: str | None = None,
        parent_id: str | None = None,
        mentions_list: Sequence[Json] | None = None,
    ) -> Json:
        state, item = self._state, self._state.item(item_id)
        if not body.strip():
            raise failure("InvalidArgumentException", "An update needs a text", body=body)
        if parent_id is not None and state.updates.get(parent_id, {}).get("item_id") != item["id"]:
            raise missing("update", parent_id)
        for mention in mentions_list or ():
            if mention["type"] == "User" and mention["id"] not in state.users:
                raise missing("user", mention["id"])
        return update_view(state, state.add_update(item, body, parent_id))


def _on_board(state: MondayState, board: Json, item_id: str | None) -> Json:
    item = state.item(item_id)
    if item["board_id"] != board["id"]:
        raise missing("item", item_id)
    return item


def _subitems_board(state: MondayState, board: Json) -> Json:
    """Subitems live on a board of their own, which is made with the first of them."""
    column = next((column for column in board["columns"] if column["type"] == "subtasks"), None)
    if column is not None:
        return state.board(column["settings"]["boardIds"][0])
    columns = [
        deepcopy(column) for column in board["columns"] if column["type"] in ("name", "status", "people", "date")
    ]
    below = {"name": f"Subitems of {board['name']}", "board_kind": "sub_items_board", "columns": columns}
    made = state.add_board({**below, "workspace_id": board["workspace_id"]})
    state.add_group(made, "Subitems", None, 0)
    settings = {"boardIds": [made["id"]]}
    board["columns"].append(
        {"id": "subitems", "title": "Subitems", "description": None, "type": "subtasks", "settings": settings}
    )
    return made


def _page(found: Iterable[Json], limit: int, page: int) -> list[Json]:
    return list(found)[limit * (page - 1) : limit * page]
