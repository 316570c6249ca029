"""The Notion stand-in behind the real MCP server, in the sandbox: what one call writes, the next one reads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from evaluation.standins import NotionStandIn, serve
from evaluation.workspaces import make_world
from toolsets.launch import open_session
from toolsets.manifest import read_manifest
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from toolsets.session import Session

Json = dict[str, Any]
WORLD = make_world(Random(9))
MANIFEST = read_manifest(PACKAGED / "notion")

pytestmark = pytest.mark.usefixtures("servers")


@pytest.fixture(scope="module")
async def running(sandbox: Backend) -> AsyncIterator[tuple[Session, NotionStandIn]]:
    standin = NotionStandIn(WORLD)
    with serve(standin) as served:
        async with open_session(MANIFEST, sandbox, environ=served.environ, bridges=[served.bridge]) as session:
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


async def test_create_a_page_with_content_and_read_it_back(session: Session) -> None:
    parent = await find(session, "How we work")
    children = [{"type": "paragraph", "paragraph": {"rich_text": words("Hello")}}]
    made = await good(
        session, "API-post-page", parent={"page_id": parent}, properties={"title": words("Note")}, children=children
    )
    below = await good(session, "API-get-block-children", block_id=made["id"])
    assert [block["paragraph"]["rich_text"][0]["plain_text"] for block in below["results"]] == ["Hello"]


async def test_arguments_that_were_encoded_twice_still_arrive(session: Session) -> None:
    """The server undoes it; models do it often enough."""
    source = await find(session, "Tasks", "data_source")
    properties = json.dumps({"Task": {"title": words("Encoded")}, "Hours": {"number": 3}})
    made = await good(session, "API-post-page", parent=json.dumps({"data_source_id": source}), properties=properties)
    assert made["properties"]["Hours"]["number"] == 3


async def test_a_page_is_changed_and_put_into_the_trash(session: Session) -> None:
    source = await find(session, "Tasks", "data_source")
    page = (await good(session, "API-query-data-source", data_source_id=source, page_size=1))["results"][0]["id"]
    answer = await good(session, "API-patch-page", page_id=page, properties={"Status": {"status": {"name": "Done"}}})
    assert answer["properties"]["Status"]["status"]["name"] == "Done"
    refused = await bad(session, "API-patch-page", page_id=page, properties={"Status": {"status": {"name": "Lost"}}})
    assert refused == (400, "validation_error")
    assert (await good(session, "API-patch-page", page_id=page, in_trash=True))["in_trash"]


async def test_a_query_is_filtered_and_sorted(session: Session) -> None:
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


async def test_the_wrong_token_is_an_error_the_model_can_read(sandbox: Backend) -> None:
    with serve(NotionStandIn(WORLD)) as served:
        environ = {**served.environ, "NOTION_TOKEN": "wrong"}
        async with open_session(MANIFEST, sandbox, environ=environ, bridges=[served.bridge]) as session:
            assert await bad(session, "API-post-search", query="x") == (401, "unauthorized")
