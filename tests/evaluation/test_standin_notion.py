"""The Notion stand-in: its state, its answers, its errors, as the API's clients know them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.standins.notion import TOKEN, NotionStandIn
from evaluation.workspaces import make_world

Json = dict[str, Any]
WORLD = make_world(Random(4))
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def module_standin() -> NotionStandIn:
    return NotionStandIn(WORLD)


@pytest.fixture
def standin(module_standin: NotionStandIn) -> NotionStandIn:
    module_standin.reset()
    return module_standin


class Api:
    """The API as a program would call it; an error answer fails the test unless it was asked for."""

    def __init__(self, standin: NotionStandIn) -> None:
        self.client = TestClient(standin.app, headers={"Authorization": f"Bearer {TOKEN}"})

    def __call__(self, verb: str, path: str, body: Json | None = None, query: Json | None = None) -> Json:
        answer = self.client.request(verb, f"/v1/{path}", json=body, params=query)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def error(self, verb: str, path: str, body: Any = None) -> tuple[int, str, str]:
        answer = self.client.request(verb, f"/v1/{path}", json=body)
        error = answer.json()
        assert error.keys() == {"object", "status", "code", "message", "request_id"}
        assert (error["object"], error["status"]) == ("error", answer.status_code)
        return error["status"], error["code"], error["message"]

    def source(self, name: str) -> Json:
        found = self("POST", "search", {"query": name, "filter": {"property": "object", "value": "data_source"}})
        [source] = found["results"]
        result: Json = source
        return result

    def page(self, title: str) -> Json:
        found = self("POST", "search", {"query": title, "filter": {"property": "object", "value": "page"}})
        result: Json = found["results"][0]
        return result

    def query(self, name: str, **body: Any) -> list[Json]:
        result: list[Json] = self("POST", f"data_sources/{self.source(name)['id']}/query", body)["results"]
        return result


@pytest.fixture
def api(standin: NotionStandIn) -> Iterator[Api]:
    api = Api(standin)
    with api.client:
        yield api


def words(content: str) -> list[Json]:
    return [{"type": "text", "text": {"content": content}}]


def paragraph(content: str) -> Json:
    return {"type": "paragraph", "paragraph": {"rich_text": words(content)}}


def task(name: str, **properties: Any) -> Json:
    return {"Task": {"title": words(name)}, **properties}


def names(pages: list[Json], column: str = "Task") -> list[str]:
    return ["".join(run["plain_text"] for run in page["properties"][column]["title"]) for page in pages]


# -- state


def test_the_same_world_and_seed_give_the_same_workspace() -> None:
    assert NotionStandIn(WORLD).snapshot() == NotionStandIn(WORLD).snapshot()
    assert NotionStandIn(WORLD, 1).snapshot() != NotionStandIn(WORLD, 2).snapshot()


def test_reset_takes_back_everything_and_the_same_calls_then_give_the_same_answers(
    standin: NotionStandIn, api: Api
) -> None:
    before = standin.snapshot()
    body = {"parent": {"page_id": api.page(WORLD.projects[0].name)["id"]}, "properties": {"title": words("New")}}
    first = api("POST", "pages", body)
    assert standin.snapshot() != before
    standin.reset()
    assert standin.snapshot() == before
    second = api("POST", "pages", body)
    assert {**first, "request_id": ""} == {**second, "request_id": ""}


def test_reading_changes_nothing(standin: NotionStandIn, api: Api) -> None:
    before = standin.snapshot()
    page = api.page(WORLD.projects[0].name)
    api("GET", f"pages/{page['id']}")
    api("GET", f"blocks/{page['id']}/children")
    api.query("Tasks", sorts=[{"property": "Due", "direction": "ascending"}])
    assert standin.snapshot() == before


def test_a_request_that_fails_halfway_leaves_nothing_behind(standin: NotionStandIn, api: Api) -> None:
    before = standin.snapshot()
    properties = task("New", Project={"select": {"name": "An option nobody had"}})
    body = {
        "parent": {"data_source_id": api.source("Tasks")["id"]},
        "properties": properties,
        "children": [{"odd": {}}],
    }
    assert api.error("POST", "pages", body)[0] == 400
    assert standin.snapshot() == before


# -- search


def test_search_finds_titles_by_all_their_words_last_edited_first(api: Api) -> None:
    found = api("POST", "search", {"query": WORLD.projects[0].name.split()[0].lower()})["results"]
    assert found
    assert [item["last_edited_time"] for item in found] == sorted((i["last_edited_time"] for i in found), reverse=True)
    assert api("POST", "search", {"query": "no title has these words"})["results"] == []


def test_search_can_be_limited_to_one_kind_and_goes_page_by_page(api: Api) -> None:
    sources = api("POST", "search", {"filter": {"property": "object", "value": "data_source"}})["results"]
    assert {item["title"][0]["plain_text"] for item in sources} == {"Tasks", "Meetings", "Contacts"}
    everything = [item["id"] for item in api("POST", "search", {})["results"]]
    collected, cursor = [], None
    while True:
        answer = api("POST", "search", {"page_size": 10, **({"start_cursor": cursor} if cursor else {})})
        collected += [item["id"] for item in answer["results"]]
        cursor = answer["next_cursor"]
        assert answer["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert collected == everything


# -- pages and blocks


def test_a_page_is_created_with_content_and_found_again(api: Api) -> None:
    parent = api.page(WORLD.projects[0].name)
    children = [paragraph("First"), {"to_do": {"rich_text": words("Do it"), "checked": True}}]
    made = api(
        "POST",
        "pages",
        {
            "parent": {"page_id": parent["id"].replace("-", "")},
            "properties": {"title": {"title": words("Harvest plan")}},
            "icon": {"emoji": "🍇"},
            "children": children,
        },
    )
    assert made["parent"] == {"type": "page_id", "page_id": parent["id"]}
    assert made["icon"] == {"type": "emoji", "emoji": "🍇"}
    assert made["url"].startswith("https://www.notion.so/Harvest-plan-")
    assert api.page("harvest plan")["id"] == made["id"]
    below = api("GET", f"blocks/{made['id']}/children")["results"]
    assert [(block["type"], block[block["type"]]["rich_text"][0]["plain_text"]) for block in below] == [
        ("paragraph", "First"),
        ("to_do", "Do it"),
    ]
    siblings = api("GET", f"blocks/{parent['id']}/children")["results"]
    assert siblings[-1]["child_page"] == {"title": "Harvest plan"}


def test_blocks_are_appended_at_the_end_or_after_another_and_may_be_nested(api: Api) -> None:
    page = api("POST", "pages", {"parent": {"page_id": api.page(WORLD.projects[0].name)["id"]}, "properties": {}})
    path = f"blocks/{page['id']}/children"
    first, second = api("PATCH", path, {"children": [paragraph("one"), paragraph("three")]})["results"]
    nested = {"toggle": {"rich_text": words("two"), "children": [paragraph("inside")]}}
    [toggle] = api("PATCH", path, {"children": [nested], "after": first["id"]})["results"]
    assert [block["id"] for block in api("GET", path)["results"]] == [first["id"], toggle["id"], second["id"]]
    assert toggle["has_children"]
    [inside] = api("GET", f"blocks/{toggle['id']}/children")["results"]
    assert inside["parent"] == {"type": "block_id", "block_id": toggle["id"]}


def test_a_page_in_the_trash_is_out_of_search_and_query_cannot_be_edited_and_comes_back(api: Api) -> None:
    page = api.query("Tasks")[0]
    path, count = f"pages/{page['id']}", len(api.query("Tasks"))
    assert api("PATCH", path, {"in_trash": True})["in_trash"]
    assert len(api.query("Tasks")) == count - 1
    assert [item["id"] for item in api.query("Tasks", in_trash=True)] == [page["id"]]
    status, code, message = api.error("PATCH", path, {"properties": {"Hours": {"number": 1}}})
    assert (status, code) == (400, "validation_error")
    assert "unarchive" in message
    assert not api("PATCH", path, {"archived": False})["archived"]
    assert len(api.query("Tasks")) == count


def test_properties_are_updated_by_name_or_id_and_a_new_select_option_is_learnt(api: Api) -> None:
    page, source = api.query("Tasks")[0], api.source("Tasks")
    user = page["properties"]["Assignee"]["people"][0]
    changes = {
        "Status": {"status": {"name": "Done"}},
        source["properties"]["Hours"]["id"]: {"number": 7.5},
        "Due": {"date": {"start": "2026-02-03", "end": "2026-02-05"}},
        "Tags": {"multi_select": [{"name": "brand new"}]},
        "Assignee": {"people": [{"id": user["id"]}]},
        "Priority": {"select": None},
    }
    api("PATCH", f"pages/{page['id']}", {"properties": changes})
    values = api("GET", f"pages/{page['id']}")["properties"]
    assert values["Status"]["status"]["name"] == "Done"
    assert values["Hours"]["number"] == 7.5
    assert values["Due"]["date"] == {"start": "2026-02-03", "end": "2026-02-05", "time_zone": None}
    assert [option["name"] for option in values["Tags"]["multi_select"]] == ["brand new"]
    assert values["Assignee"]["people"] == [user]
    assert values["Priority"]["select"] is None
    options = [option["name"] for option in api.source("Tasks")["properties"]["Tags"]["multi_select"]["options"]]
    assert "brand new" in options


def test_editing_moves_the_time_of_the_last_edit_also_as_a_property(api: Api) -> None:
    page = api.query("Tasks")[0]
    after = api("PATCH", f"pages/{page['id']}", {"properties": {"Hours": {"number": 1}}})
    assert after["last_edited_time"] > page["last_edited_time"]
    assert after["properties"]["Edited"]["last_edited_time"] == after["last_edited_time"]
    assert after["created_time"] == page["created_time"]


def test_a_page_can_be_asked_for_some_properties_only(api: Api) -> None:
    page = api.query("Tasks")[0]
    short = page["properties"]["Hours"]["id"]
    assert api("GET", f"pages/{page['id']}", query={"filter_properties": short})["properties"].keys() == {"Hours"}


def test_a_comment_is_kept_with_its_page(standin: NotionStandIn, api: Api) -> None:
    page = api.query("Tasks")[0]
    made = api("POST", "comments", {"parent": {"page_id": page["id"]}, "rich_text": words("Looks good")})
    assert made["rich_text"][0]["plain_text"] == "Looks good"
    assert standin.snapshot()["objects"][made["id"]]["parent"] == {"type": "page_id", "page_id": page["id"]}


# -- queries


def one(property: str, kind: str, **condition: Any) -> Json:
    return {"property": property, kind: condition}


def test_filters_select_what_they_say(api: Api) -> None:
    everything = api.query("Tasks")

    def done(page: Json) -> bool:
        return bool(page["properties"]["Status"]["status"]["name"] == "Done")

    def hours(page: Json) -> float:
        return float(page["properties"]["Hours"]["number"] or 0)

    assert api.query("Tasks", filter=one("Status", "status", equals="Done")) == [p for p in everything if done(p)]
    assert api.query("Tasks", filter=one("Hours", "number", greater_than=30)) == [
        p for p in everything if hours(p) > 30
    ]
    both = {"and": [one("Status", "status", equals="Done"), one("Hours", "number", greater_than=30)]}
    either = {"or": both["and"]}
    assert api.query("Tasks", filter=both) == [p for p in everything if done(p) and hours(p) > 30]
    assert api.query("Tasks", filter=either) == [p for p in everything if done(p) or hours(p) > 30]
    unset = [p for p in everything if p["properties"]["Due"]["date"] is None]
    assert api.query("Tasks", filter=one("Due", "date", is_empty=True)) == unset
    person = everything[0]["properties"]["Assignee"]["people"][0]["id"]
    mine = [p for p in everything if p["properties"]["Assignee"]["people"][0]["id"] == person]
    assert api.query("Tasks", filter=one("Assignee", "people", contains=person)) == mine
    today = WORLD.today.isoformat()
    late = [p for p in everything if (p["properties"]["Due"]["date"] or {"start": "9"})["start"] < today]
    assert api.query("Tasks", filter=one("Due", "date", before=today)) == late
    created = {"timestamp": "created_time", "created_time": {"on_or_after": everything[3]["created_time"]}}
    assert api.query("Tasks", filter=created) == everything[3:]


def test_sorts_order_by_value_with_the_empty_last(api: Api) -> None:
    hours = [
        page["properties"]["Hours"]["number"]
        for page in api.query("Tasks", sorts=[{"property": "Hours", "direction": "descending"}])
    ]
    filled = [number for number in hours if number is not None]
    assert hours == sorted(filled, reverse=True) + [None] * (len(hours) - len(filled))
    by_state = api.query("Tasks", sorts=[{"property": "Status", "direction": "ascending"}])
    order = [option["name"] for option in api.source("Tasks")["properties"]["Status"]["status"]["options"]]
    places = [order.index(page["properties"]["Status"]["status"]["name"]) for page in by_state]
    assert places == sorted(places)


@given(st.integers(1, 100))
@settings(max_examples=15, deadline=None)
def test_pages_of_a_query_add_up_to_the_whole(module_standin: NotionStandIn, size: int) -> None:
    api = Api(module_standin)
    whole = names(api.query("Tasks"))
    path = f"data_sources/{api.source('Tasks')['id']}/query"
    collected: list[str] = []
    cursor: str | None = None
    for _ in range(len(whole) + 1):
        answer = api("POST", path, {"page_size": size, **({"start_cursor": cursor} if cursor else {})})
        assert len(answer["results"]) <= size
        collected += names(answer["results"])
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert collected == whole


# -- errors


def test_without_the_right_token_nothing_is_answered(standin: NotionStandIn) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = TestClient(standin.app).post("/v1/search", json={}, headers=headers)
        assert answer.status_code == 401
        assert (answer.json()["code"], answer.json()["message"]) == ("unauthorized", "API token is invalid.")


def test_the_rate_limit_refuses_with_the_time_to_wait() -> None:
    api = Api(NotionStandIn(WORLD, refuse_every=3))
    answers = [api.client.post("/v1/search", json={}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200, 200, 429]
    assert answers[2].json()["code"] == "rate_limited"
    assert answers[2].headers["retry-after"] == "1"


def test_an_unknown_address_and_a_broken_body_are_told_apart(api: Api) -> None:
    assert api.error("GET", "nothing") == (400, "invalid_request_url", "Invalid request URL.")
    answer = api.client.post("/v1/search", content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    ("verb", "path", "body", "kind"),
    [
        ("GET", f"pages/{NOBODY}", None, "page"),
        ("PATCH", f"pages/{NOBODY}", {"properties": {}}, "page"),
        ("GET", f"blocks/{NOBODY}/children", None, "block"),
        ("PATCH", f"blocks/{NOBODY}/children", {"children": []}, "block"),
        ("GET", f"data_sources/{NOBODY}", None, "data source"),
        ("POST", f"data_sources/{NOBODY}/query", {}, "data source"),
        ("POST", "comments", {"parent": {"page_id": NOBODY}, "rich_text": words("x")}, "page"),
        ("POST", "pages", {"parent": {"page_id": NOBODY}, "properties": {}}, "page"),
        ("POST", "pages", {"parent": {"database_id": NOBODY}, "properties": {}}, "database"),
    ],
)
def test_what_is_not_there_is_404_by_kind_and_id(api: Api, verb: str, path: str, body: Any, kind: str) -> None:
    status, code, message = api.error(verb, path, body)
    assert (status, code) == (404, "object_not_found")
    assert message.startswith(f"Could not find {kind} with ID: {NOBODY}.")


@pytest.mark.parametrize(
    ("verb", "path", "body", "message"),
    [
        ("GET", "pages/abc", None, 'path failed validation: path.page_id should be a valid uuid, instead was `"abc"`.'),
        (
            "POST",
            "search",
            {"page_size": 500},
            "body failed validation: body.page_size should be ≤ `100`, instead was `500`.",
        ),
        ("POST", "search", {"filter": {"property": "object", "value": "database"}}, "body.filter.value should be"),
        ("POST", "search", {"sort": {"direction": "up"}}, "body.sort.direction should be"),
        ("POST", "search", {"start_cursor": NOBODY}, "The start_cursor provided is invalid"),
        ("POST", "search", ["query"], "body failed validation: body should be an object"),
        ("POST", "pages", {"properties": {}}, "body.parent should be defined, instead was `undefined`."),
        ("POST", "pages", {"parent": {"type": "workspace"}, "properties": {}}, "cannot create pages at the top"),
        ("POST", "comments", {"parent": {}, "rich_text": words("x")}, "body.parent.page_id should be defined"),
    ],
)
def test_a_malformed_request_is_400_and_names_the_part(api: Api, verb: str, path: str, body: Any, message: str) -> None:
    status, code, text = api.error(verb, path, body)
    assert (status, code) == (400, "validation_error")
    assert message in text


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Nope": {"number": 1}}, "Nope is not a property that exists."),
        ({"Due": {"rich_text": []}}, "Due is expected to be date."),
        ({"Hours": {"number": "four"}}, 'body.properties.Hours.number should be a number, instead was `"four"`.'),
        ({"Hours": 4}, "body.properties.Hours should be an object"),
        ({"Status": {"status": {"name": "Lost"}}}, 'Invalid status option. Status option "Lost" does not exist.'),
        (
            {"Due": {"date": {"start": "tomorrow"}}},
            "body.properties.Due.date.start should be a valid ISO 8601 date string",
        ),
        ({"Due": {"date": {"start": "2026-02-05", "end": "2026-02-03"}}}, "is before"),
        ({"Project": {"select": {"name": "a, b"}}}, "Invalid select option, commas not allowed: a, b"),
        ({"Assignee": {"people": [{"id": NOBODY}]}}, f"Could not find user with ID: {NOBODY}"),
        ({"Edited": {"last_edited_time": "2026-01-01"}}, "cannot be set through the API"),
        ({"Task": {"title": words("x" * 2001)}}, "content.length should be ≤ `2000`, instead was `2001`."),
    ],
)
def test_a_value_that_does_not_fit_its_property_is_refused(api: Api, properties: Json, message: str) -> None:
    page = api.query("Tasks")[0]
    assert message in api.error("PATCH", f"pages/{page['id']}", {"properties": properties})[2]


@pytest.mark.parametrize(
    ("child", "message"),
    [
        ("text", "body.children[0] should be an object"),
        ({}, "body.children[0].paragraph should be defined"),
        ({"type": "table"}, "block type 'table'"),
        ({"paragraph": {}}, "body.children[0].paragraph.rich_text should be defined"),
        ({"paragraph": {"rich_text": [{"text": {}}]}}, "rich_text[0].text.content should be defined"),
        ({"divider": {"children": [{"divider": {}}]}}, "body.children[0].divider.children should be not present"),
        ({"to_do": {"rich_text": [], "checked": "yes"}}, "body.children[0].to_do.checked should be a boolean"),
    ],
)
def test_a_block_that_cannot_be_made_is_refused(api: Api, child: Any, message: str) -> None:
    page = api.query("Tasks")[0]
    assert message in api.error("PATCH", f"blocks/{page['id']}/children", {"children": [child]})[2]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"filter": one("Nope", "number", equals=1)}, "Could not find property with name or id: Nope"),
        ({"filter": one("Status", "select", equals="Done")}, "database property status does not match filter select"),
        ({"filter": one("Hours", "number", equals="4")}, "body.filter.number.equals should be a number"),
        ({"filter": one("Hours", "number", contains=4)}, "body.filter.number.contains should be not present"),
        ({"filter": one("Due", "date", next_century={})}, "body.filter.date.next_century should be not present"),
        ({"filter": {"and": [{"or": [{"and": []}]}]}}, "body.filter.and[0].or[0].and should be not present"),
        ({"sorts": [{"property": "Nope"}]}, "Could not find property with name or id: Nope"),
        ({"sorts": [{"property": "Due", "direction": "up"}]}, "body.sorts[0].direction should be"),
        ({"sorts": {"property": "Due"}}, "body.sorts should be an array"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, query: Json, message: str) -> None:
    path = f"data_sources/{api.source('Tasks')['id']}/query"
    assert message in api.error("POST", path, query)[2]


def test_every_identifier_is_a_version_4_uuid(standin: NotionStandIn) -> None:
    assert {UUID(key).version for key in standin.snapshot()["objects"]} == {4}
