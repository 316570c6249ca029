"""Every shipped tool of the real Notion MCP server, in the sandbox, against the stand-in: good and bad input."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import toolsets
from evaluation.standins import NotionStandIn, serve
from evaluation.standins.notion import TOKEN
from evaluation.workspaces import make_world
from toolsets.launch import open_session
from toolsets.manifest import read_toolset
from toolsets.sandbox import Backend
from toolsets.session import Session

Json = dict[str, Any]
WORLD = make_world(Random(9))
MANIFEST, TOOLSET = read_toolset(Path(toolsets.__file__).parent / "notion")
NOBODY = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.usefixtures("npm_servers")


@pytest.fixture(scope="module")
async def running(sandbox: Backend) -> AsyncIterator[tuple[Session, NotionStandIn]]:
    standin = NotionStandIn(WORLD)
    with serve(standin.app) as served:
        environ = {"NOTION_TOKEN": TOKEN, "NOTION_BASE_URL": served.url}
        async with open_session(MANIFEST, sandbox, environ=environ, bridges=[served.bridge]) as session:
            yield session, standin


@pytest.fixture
def session(running: tuple[Session, NotionStandIn]) -> Session:
    running[1].reset()
    return running[0]


async def good(session: Session, tool: str, **arguments: Any) -> Json:
    result = await session.call(tool, arguments)
    assert not result.is_error, result.text
    answer: Json = json.loads(result.text)
    return answer


async def bad(session: Session, tool: str, **arguments: Any) -> tuple[int, str]:
    result = await session.call(tool, arguments)
    assert result.is_error, result.text
    answer = json.loads(result.text)
    return answer["status"], answer["code"]


def words(content: str) -> list[Json]:
    return [{"type": "text", "text": {"content": content}}]


async def find(session: Session, query: str, kind: str = "page") -> str:
    found = await good(session, "API-post-search", query=query, filter={"property": "object", "value": kind})
    identifier: str = found["results"][0]["id"]
    return identifier


async def test_search(session: Session) -> None:
    found = await good(session, "API-post-search", query="tasks", page_size=5)
    assert [item["object"] for item in found["results"]] == ["data_source"]
    assert await bad(session, "API-post-search", page_size=1000) == (400, "validation_error")


async def test_retrieve_a_page(session: Session) -> None:
    page = await find(session, "How we work")
    answer = await good(session, "API-retrieve-a-page", page_id=page)
    assert answer["properties"]["title"]["title"][0]["plain_text"] == "How we work"
    assert await bad(session, "API-retrieve-a-page", page_id=NOBODY) == (404, "object_not_found")
    assert await bad(session, "API-retrieve-a-page", page_id="my page") == (400, "validation_error")


async def test_create_a_page_with_content_and_read_it_back(session: Session) -> None:
    parent = await find(session, "How we work")
    children = [{"type": "paragraph", "paragraph": {"rich_text": words("Hello")}}]
    made = await good(
        session, "API-post-page", parent={"page_id": parent}, properties={"title": words("Note")}, children=children
    )
    below = await good(session, "API-get-block-children", block_id=made["id"])
    assert [block["paragraph"]["rich_text"][0]["plain_text"] for block in below["results"]] == ["Hello"]
    missing = await bad(session, "API-post-page", parent={"page_id": NOBODY}, properties={"title": words("Note")})
    assert missing == (404, "object_not_found")
    assert await bad(session, "API-get-block-children", block_id=NOBODY) == (404, "object_not_found")


async def test_arguments_that_were_encoded_twice_still_arrive(session: Session) -> None:
    """The server undoes it; models do it often enough."""
    source = await find(session, "Tasks", "data_source")
    properties = json.dumps({"Task": {"title": words("Encoded")}, "Hours": {"number": 3}})
    made = await good(session, "API-post-page", parent=json.dumps({"data_source_id": source}), properties=properties)
    assert made["properties"]["Hours"]["number"] == 3


async def test_update_a_page(session: Session) -> None:
    source = await find(session, "Tasks", "data_source")
    page = (await good(session, "API-query-data-source", data_source_id=source, page_size=1))["results"][0]["id"]
    answer = await good(session, "API-patch-page", page_id=page, properties={"Status": {"status": {"name": "Done"}}})
    assert answer["properties"]["Status"]["status"]["name"] == "Done"
    refused = await bad(session, "API-patch-page", page_id=page, properties={"Status": {"status": {"name": "Lost"}}})
    assert refused == (400, "validation_error")
    assert (await good(session, "API-patch-page", page_id=page, in_trash=True))["in_trash"]


async def test_append_blocks(session: Session) -> None:
    page = await find(session, "How we work")
    item = {"type": "bulleted_list_item", "bulleted_list_item": {"rich_text": words("One more")}}
    answer = await good(session, "API-patch-block-children", block_id=page, children=[item])
    assert answer["results"][0]["bulleted_list_item"]["rich_text"][0]["plain_text"] == "One more"
    assert await bad(session, "API-patch-block-children", block_id=page, children=["text"]) == (400, "validation_error")


async def test_retrieve_and_query_a_data_source(session: Session) -> None:
    source = await find(session, "Meetings", "data_source")
    schema = (await good(session, "API-retrieve-a-data-source", data_source_id=source))["properties"]
    assert schema["Minutes sent"]["type"] == "checkbox"
    unsent = {"property": "Minutes sent", "checkbox": {"equals": False}}
    found = await good(
        session,
        "API-query-data-source",
        data_source_id=source,
        filter=unsent,
        sorts=[{"property": "Date", "direction": "ascending"}],
    )
    dates = [page["properties"]["Date"]["date"]["start"] for page in found["results"]]
    assert dates
    assert dates == sorted(dates)
    assert await bad(session, "API-retrieve-a-data-source", data_source_id=NOBODY) == (404, "object_not_found")
    wrong = {"property": "Minutes sent", "select": {"equals": "no"}}
    assert await bad(session, "API-query-data-source", data_source_id=source, filter=wrong) == (400, "validation_error")


async def test_create_a_comment(session: Session) -> None:
    page = await find(session, "How we work")
    made = await good(session, "API-create-a-comment", parent={"page_id": page}, rich_text=words("Agreed"))
    assert made["object"] == "comment"
    refused = await bad(session, "API-create-a-comment", parent={"page_id": NOBODY}, rich_text=words("Agreed"))
    assert refused == (404, "object_not_found")


async def test_the_wrong_token_is_an_error_the_model_can_read(sandbox: Backend) -> None:
    with serve(NotionStandIn(WORLD).app) as served:
        environ = {"NOTION_TOKEN": "wrong", "NOTION_BASE_URL": served.url}
        async with open_session(MANIFEST, sandbox, environ=environ, bridges=[served.bridge]) as session:
            assert await bad(session, "API-post-search", query="x") == (401, "unauthorized")


def test_these_are_all_the_shipped_tools() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [tool.name for tool in TOOLSET.tools if f'"{tool.name}"' not in text] == []
