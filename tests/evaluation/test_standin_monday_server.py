"""The monday.com stand-in behind the real MCP server, in the sandbox: calls change what the account holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from evaluation.standins import MondayStandIn, serve
from evaluation.workspaces import make_world
from toolsets.launch import open_session
from toolsets.manifest import read_manifest
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from toolsets.session import Session

Json = dict[str, Any]
WORLD = make_world(Random(9))
MANIFEST = read_manifest(PACKAGED / "monday")

pytestmark = pytest.mark.usefixtures("servers")


@pytest.fixture(scope="module")
async def running(sandbox: Backend) -> AsyncIterator[tuple[Session, MondayStandIn]]:
    standin = MondayStandIn(WORLD)
    with serve(standin) as served:
        async with open_session(MANIFEST, sandbox, environ=served.environ, bridges=[served.bridge]) as session:
            yield session, standin


@pytest.fixture
def standin(running: tuple[Session, MondayStandIn]) -> MondayStandIn:
    running[1].reset()
    return running[1]


@pytest.fixture
def session(running: tuple[Session, MondayStandIn], standin: MondayStandIn) -> Session:
    return running[0]


@pytest.fixture
def board(standin: MondayStandIn) -> int:
    return int(next(iter(standin.snapshot()["boards"])))


@pytest.fixture
def item(standin: MondayStandIn, board: int) -> int:
    return next(int(each["id"]) for each in standin.snapshot()["items"].values() if each["board_id"] == str(board))


async def good(session: Session, tool: str, **arguments: Any) -> Json:
    result = await session.call(tool, arguments)
    assert not result.is_error, result.text
    answer: Json = json.loads(result.text)
    return answer


async def bad(session: Session, tool: str, **arguments: Any) -> str:
    result = await session.call(tool, arguments)
    assert result.is_error, result.text
    return result.text


async def test_search(session: Session, board: int) -> None:
    name = WORLD.projects[0].name
    found = await good(session, "search", searchType="BOARD", searchTerm=name)
    assert [(each["id"], each["title"]) for each in found["data"]] == [(str(board), name)]
    for kind in ("ITEMS", "UPDATES", "WORKSPACES", "FOLDERS", "DOCUMENTS", "TIMELINE_ITEMS", "DASHBOARDS"):
        assert (await good(session, "search", searchType=kind, searchTerm="e"))["data"] is not None
    assert "searchTerm is required" in await bad(session, "search", searchType="BOARD")


async def test_get_board_info(session: Session, board: int) -> None:
    info = (await good(session, "get_board_info", boardId=board))["board"]
    assert info["name"] == WORLD.projects[0].name
    assert {column["id"] for column in info["columns"]} >= {"name", "status", "person", "due_date"}
    missing = await session.call("get_board_info", {"boardId": 1})
    assert "not found" in missing.text


async def test_get_board_items_page(session: Session, board: int) -> None:
    done = {"columnId": "status", "compareValue": [1], "operator": "any_of"}
    found = await good(session, "get_board_items_page", boardId=board, filters=[done], includeColumns=True)
    assert {each["column_values"]["status"] for each in found["items"]} <= {"Done"}
    first = await good(session, "get_board_items_page", boardId=board, limit=2)
    assert first["pagination"]["has_more"]
    second = await good(
        session, "get_board_items_page", boardId=board, limit=2, cursor=first["pagination"]["nextCursor"]
    )
    assert not {each["id"] for each in first["items"]} & {each["id"] for each in second["items"]}
    wanted = first["items"][0]["name"]
    by_name = await good(session, "get_board_items_page", boardId=board, searchTerm=wanted)
    assert first["items"][0]["id"] in {each["id"] for each in by_name["items"]}
    wrong = [{"columnId": "nope", "compareValue": "x"}]
    assert "column ID" in await bad(session, "get_board_items_page", boardId=board, filters=wrong)


async def test_create_group(session: Session, standin: MondayStandIn, board: int) -> None:
    made = await good(
        session,
        "create_group",
        boardId=str(board),
        groupName="Urgent",
        groupColor="#df2f4a",
        relativeTo="this_week",
        positionRelativeMethod="after_at",
    )
    groups = standin.snapshot()["boards"][str(board)]["groups"]
    assert groups[1] == {"id": made["group_id"], "title": "Urgent", "color": "#df2f4a"}
    assert "board ID" in await bad(session, "create_group", boardId="1", groupName="Urgent")


async def test_create_item(session: Session, standin: MondayStandIn, board: int, item: int) -> None:
    values = json.dumps({"status": {"label": "Stuck"}, "hours": "4"})
    made = await good(session, "create_item", boardId=board, name="Call back", columnValues=values, groupId="later")
    kept = standin.snapshot()["items"][made["item_id"]]
    assert (kept["name"], kept["group_id"], kept["values"]["hours"]) == ("Call back", "later", "4")
    part = await good(session, "create_item", boardId=board, name="Part", columnValues="{}", parentItemId=item)
    assert standin.snapshot()["items"][part["item_id"]]["parent_id"] == str(item)
    copy = await good(session, "create_item", boardId=board, name="Copy", columnValues="{}", duplicateFromItemId=item)
    assert standin.snapshot()["items"][copy["item_id"]]["name"] == "Copy"
    wrong = json.dumps({"status": {"label": "Lost"}})
    refused = await bad(session, "create_item", boardId=board, name="Call back", columnValues=wrong)
    assert "possible statuses are" in refused
    assert "ColumnValueException" in refused


async def test_a_board_with_subitems_tells_their_columns(session: Session, board: int, item: int) -> None:
    await good(session, "create_item", boardId=board, name="Part", columnValues="{}", parentItemId=item)
    info = (await good(session, "get_board_info", boardId=board))["board"]
    assert {column["id"] for column in info["subItemColumns"]} >= {"name", "status"}
    page = await good(session, "get_board_items_page", boardId=board, itemIds=[item], includeSubItems=True)
    assert [each["name"] for each in page["items"][0]["subitems"]] == ["Part"]


async def test_change_item_column_values(session: Session, standin: MondayStandIn, board: int, item: int) -> None:
    values = json.dumps({"due_date": {"date": "2026-02-03"}, "notes": "Moved"})
    await good(session, "change_item_column_values", boardId=board, itemId=item, columnValues=values)
    kept = standin.snapshot()["items"][str(item)]["values"]
    assert (kept["due_date"]["date"], kept["notes"]["text"]) == ("2026-02-03", "Moved")
    for wrong, message in (("{", "JSON"), ('{"nope": 1}', "column ID"), ('{"hours": "x"}', "expected a number")):
        refused = await bad(session, "change_item_column_values", boardId=board, itemId=item, columnValues=wrong)
        assert message in refused


async def test_create_and_get_updates(session: Session, standin: MondayStandIn, board: int, item: int) -> None:
    user = standin.snapshot()["items"][str(item)]["creator_id"]
    mentions = json.dumps([{"id": user, "type": "User"}])
    made = await good(session, "create_update", itemId=item, body="<p>All set</p>", mentionsList=mentions)
    await good(session, "create_update", itemId=item, body="Thanks", parentId=int(made["update_id"]))
    got = await good(session, "get_updates", objectId=str(item), objectType="Item", includeReplies=True)
    newest = got["updates"][0]
    assert (newest["text_body"], [reply["text_body"] for reply in newest["replies"]]) == ("All set", ["Thanks"])
    on_board = await good(session, "get_updates", objectId=str(board), objectType="Board", includeItemUpdates=True)
    assert made["update_id"] in {each["id"] for each in on_board["updates"]}
    long_ago = {"fromDate": "2001-01-01", "toDate": "2001-12-31", "includeItemUpdates": True}
    none = await session.call("get_updates", {"objectId": str(board), "objectType": "Board", **long_ago})
    assert "No updates found" in none.text
    assert "item ID" in await bad(session, "create_update", itemId=1, body="x")
    assert "together" in await bad(
        session, "get_updates", objectId=str(board), objectType="Board", fromDate="2026-01-01"
    )


async def test_the_wrong_token_is_an_error_the_model_can_read(sandbox: Backend) -> None:
    with serve(MondayStandIn(WORLD)) as served:
        environ = {**served.environ, "MONDAY_TOKEN": "wrong"}
        async with open_session(MANIFEST, sandbox, environ=environ, bridges=[served.bridge]) as session:
            assert "Not Authenticated" in await bad(session, "get_board_info", boardId=1)
