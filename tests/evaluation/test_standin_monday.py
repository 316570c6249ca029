"""The monday.com stand-in: its state, its answers, its errors, as the API's clients know them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.standins.monday import TOKEN, MondayStandIn
from evaluation.workspaces import make_world

Json = dict[str, Any]
WORLD = make_world(Random(4))

ITEMS = """
query ($board: ID!, $limit: Int! = 100, $cursor: String, $rules: ItemsQuery) {
  boards(ids: [$board]) {
    items_page(limit: $limit, cursor: $cursor, query_params: $rules) {
      cursor
      items { id name group { id } column_values { id text value } }
    }
  }
}
"""
CREATE = """
mutation ($board: ID!, $name: String!, $group: String, $values: JSON, $labels: Boolean) {
  create_item(board_id: $board, item_name: $name, group_id: $group, column_values: $values,
              create_labels_if_missing: $labels) { id name url group { id } column_values { id text } }
}
"""
CHANGE = """
mutation ($board: ID!, $item: ID!, $values: JSON!) {
  change_multiple_column_values(board_id: $board, item_id: $item, column_values: $values) {
    name column_values { id text value }
  }
}
"""


@pytest.fixture(scope="module")
def module_standin() -> MondayStandIn:
    return MondayStandIn(WORLD)


@pytest.fixture
def standin(module_standin: MondayStandIn) -> MondayStandIn:
    module_standin.reset()
    return module_standin


class Api:
    def __init__(self, standin: MondayStandIn) -> None:
        self.client = TestClient(standin.app, headers={"Authorization": TOKEN})
        self.board = next(iter(standin.state.boards))

    def answer(self, query: str, **variables: Any) -> Json:
        answer = self.client.post("/v2", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def __call__(self, query: str, **variables: Any) -> Json:
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer
        result: Json = answer["data"]
        return result

    def error(self, query: str, **variables: Any) -> tuple[str, str]:
        [error] = self.answer(query, **variables)["errors"]
        return error["extensions"]["code"], error["message"]

    def items(self, rules: list[Json] | None = None, **query: Any) -> list[Json]:
        """Items of the first board, with column texts by id."""
        asked = {**query, **({"rules": rules} if rules else {})}
        page = self(ITEMS, board=self.board, rules=asked or None)["boards"][0]["items_page"]
        return [{**item, "text": {c["id"]: c["text"] for c in item["column_values"]}} for item in page["items"]]


@pytest.fixture
def api(standin: MondayStandIn) -> Iterator[Api]:
    api = Api(standin)
    with api.client:
        yield api


def rule(column: str, value: Any, operator: str = "any_of") -> Json:
    return {"column_id": column, "compare_value": value, "operator": operator}


# -- state


def test_the_same_world_and_seed_give_the_same_account() -> None:
    assert MondayStandIn(WORLD).snapshot() == MondayStandIn(WORLD).snapshot()
    assert MondayStandIn(WORLD, 1).snapshot() != MondayStandIn(WORLD, 2).snapshot()


def test_reset_takes_back_everything_and_the_same_calls_then_give_the_same_answers(
    standin: MondayStandIn, api: Api
) -> None:
    before = standin.snapshot()
    first = api(CREATE, board=api.board, name="New")
    assert standin.snapshot() != before
    standin.reset()
    assert standin.snapshot() == before
    assert api(CREATE, board=api.board, name="New") == first


def test_a_request_that_fails_leaves_nothing_behind(standin: MondayStandIn, api: Api) -> None:
    before = standin.snapshot()
    values = json.dumps({"tags": {"labels": ["a new label"]}, "hours": "many"})
    assert api.error(CREATE, board=api.board, name="New", values=values, labels=True)[0] == "ColumnValueException"
    assert standin.snapshot() == before


def test_every_value_reads_as_text_and_as_json(standin: MondayStandIn, api: Api) -> None:
    for board in standin.snapshot()["boards"]:
        page = api(ITEMS, board=board)["boards"][0]["items_page"]
        for item in page["items"]:
            for column in item["column_values"]:
                assert (column["value"] is None) == (column["text"] == "")
                if column["value"] is not None:
                    json.loads(column["value"])


# -- items


def test_an_item_is_created_in_the_top_group_or_the_one_named(api: Api) -> None:
    values = {
        "status": {"label": "Done"},
        "due_date": {"date": "2026-02-03"},
        "hours": "12",
        "notes": {"text": "As agreed"},
    }
    made = api(CREATE, board=api.board, name="Call back", values=json.dumps(values))["create_item"]
    texts = {column["id"]: column["text"] for column in made["column_values"]}
    assert (texts["status"], texts["due_date"], texts["hours"], texts["notes"]) == (
        "Done",
        "2026-02-03",
        "12",
        "As agreed",
    )
    assert made["group"]["id"] == "this_week"
    assert made["url"].endswith(f"/pulses/{made['id']}")
    other = api(CREATE, board=api.board, name="Later on", group="later")["create_item"]
    assert other["group"]["id"] == "later"
    assert {"Call back", "Later on"} <= {item["name"] for item in api.items()}


@pytest.mark.parametrize(
    ("column", "given", "text"),
    [
        ("status", {"label": "Stuck"}, "Stuck"),
        ("status", {"index": 1}, "Done"),
        ("status", "Done", "Done"),
        ("status", "", ""),
        ("due_date", {"date": "2026-01-02", "time": "13:45:00"}, "2026-01-02 13:45"),
        ("due_date", "2026-01-02", "2026-01-02"),
        ("due_date", {}, ""),
        ("hours", 7.5, "7.5"),
        ("hours", 0, "0"),
        ("hours", None, ""),
        ("notes", "plain", "plain"),
    ],
)
def test_values_may_be_written_in_each_form_the_api_knows(api: Api, column: str, given: Any, text: str) -> None:
    item = api.items()[0]["id"]
    changed = api(CHANGE, board=api.board, item=item, values=json.dumps({column: given}))
    values = {each["id"]: each["text"] for each in changed["change_multiple_column_values"]["column_values"]}
    assert values[column] == text


@pytest.mark.parametrize(
    ("column", "given", "text"),
    [
        ("contact", "Ada", "Ada"),
        ("email", {"email": "ada@example.com", "text": "Ada"}, "ada@example.com"),
        ("email", "ada@example.com", "ada@example.com"),
        ("phone", {"phone": "+4912345", "countryShortName": "DE"}, "+4912345"),
        ("website", {"url": "https://example.com", "text": "Home"}, "Home - https://example.com"),
        ("visit", {"from": "2026-01-02", "to": "2026-01-05"}, "2026-01-02 - 2026-01-05"),
        ("active", {"checked": "true"}, "v"),
        ("active", {"checked": "false"}, ""),
    ],
)
def test_columns_of_the_clients_board_are_written_too(
    standin: MondayStandIn, api: Api, column: str, given: Any, text: str
) -> None:
    api.board = next(board["id"] for board in standin.snapshot()["boards"].values() if board["name"] == "Clients")
    test_values_may_be_written_in_each_form_the_api_knows(api, column, given, text)


def test_people_are_assigned_by_id(standin: MondayStandIn, api: Api) -> None:
    first, second = list(standin.snapshot()["users"].values())[:2]
    item = api.items()[0]["id"]
    for people in (
        {"personsAndTeams": [{"id": int(first["id"]), "kind": "person"}, {"id": int(second["id"]), "kind": "person"}]},
        f"{first['id']}, {second['id']}",
    ):
        changed = api(CHANGE, board=api.board, item=item, values=json.dumps({"person": people}))
        values = {each["id"]: each["text"] for each in changed["change_multiple_column_values"]["column_values"]}
        assert values["person"] == f"{first['name']}, {second['name']}"


def test_a_missing_label_is_an_error_or_is_made_on_request(standin: MondayStandIn, api: Api) -> None:
    values = json.dumps({"tags": {"labels": ["brand new"]}, "status": {"label": "Waiting"}})
    code, message = api.error(CREATE, board=api.board, name="New", values=values)
    assert code == "ColumnValueException"
    assert "brand new" in message or "possible statuses are: {0: Working on it" in message
    made = api(CREATE, board=api.board, name="New", values=values, labels=True)["create_item"]
    texts = {column["id"]: column["text"] for column in made["column_values"]}
    assert (texts["tags"], texts["status"]) == ("brand new", "Waiting")


def test_a_change_can_rename_and_leaves_the_other_columns_alone(api: Api) -> None:
    before = api.items()[0]
    api(CHANGE, board=api.board, item=before["id"], values=json.dumps({"name": "Renamed", "hours": "3"}))
    after = next(item for item in api.items() if item["id"] == before["id"])
    assert after["name"] == "Renamed"
    assert after["text"] == {**before["text"], "hours": "3"}


def test_an_item_moves_between_groups(api: Api) -> None:
    item = api.items()[0]["id"]
    move = "mutation ($item: ID!, $group: String!) { move_item_to_group(item_id: $item, group_id: $group) { id } }"
    api(move, item=item, group="finished")
    assert next(each for each in api.items() if each["id"] == item)["group"] == {"id": "finished"}
    assert api.error(move, item=item, group="nowhere")[0] == "InvalidGroupIdException"


def test_a_group_is_made_on_top_or_beside_another(standin: MondayStandIn, api: Api) -> None:
    make = """mutation ($board: ID!, $name: String!, $beside: String, $how: PositionRelative) {
      create_group(board_id: $board, group_name: $name, relative_to: $beside, position_relative_method: $how) { id }
    }"""
    api(make, board=api.board, name="Urgent")
    api(make, board=api.board, name="After", beside="later", how="after_at")
    api(make, board=api.board, name="Before", beside="later", how="before_at")
    again = api(make, board=api.board, name="Urgent")["create_group"]["id"]
    groups = [group["id"] for group in standin.snapshot()["boards"][api.board]["groups"]]
    assert groups == [again, "urgent", "this_week", "next_week", "before", "later", "after", "finished"]
    assert again.startswith("urgent_")


def test_subitems_live_on_a_board_of_their_own(standin: MondayStandIn, api: Api) -> None:
    parent, count = api.items()[0]["id"], len(api.items())
    make = """mutation ($parent: ID!, $values: JSON) {
      create_subitem(parent_item_id: $parent, item_name: "Part", column_values: $values) {
        id parent_item { id } board { id name } }
    }"""
    first = api(make, parent=parent, values='{"status": {"label": "Done"}}')["create_subitem"]
    second = api(make, parent=parent)["create_subitem"]
    assert first["parent_item"] == {"id": parent}
    assert first["board"] == second["board"] != {"id": api.board}
    assert len(api.items()) == count
    found = api("query ($ids: [ID!]) { items(ids: $ids) { subitems { id } } }", ids=[parent])["items"]
    assert found == [{"subitems": [{"id": first["id"]}, {"id": second["id"]}]}]
    listed = api("{ boards { id } }")["boards"]
    assert {"id": first["board"]["id"]} not in listed


def test_a_duplicate_has_the_values_and_may_have_the_updates(api: Api) -> None:
    item = api.items()[0]
    copy = """mutation ($board: ID!, $item: ID!) {
      duplicate_item(board_id: $board, item_id: $item, with_updates: true) { id name column_values { id text } }
    }"""
    made = api(copy, board=api.board, item=item["id"])["duplicate_item"]
    assert made["name"] == f"{item['name']} (copy)"
    assert {column["id"]: column["text"] for column in made["column_values"]} == item["text"]


# -- filters and pages


def test_filters_select_what_they_say(standin: MondayStandIn, api: Api) -> None:
    everything = api.items()
    today = WORLD.today.isoformat()

    def those(rules: list[Json], **query: Any) -> list[Json]:
        return api.items(rules, **query)

    done = [item for item in everything if item["text"]["status"] == "Done"]
    assert those([rule("status", [1])]) == those([rule("status", ["Done"])]) == done
    assert those([rule("status", [1], "not_any_of")]) == [item for item in everything if item not in done]
    big = [item for item in everything if float(item["text"]["hours"] or 0) > 20]
    assert those([rule("hours", 20, "greater_than")]) == big
    assert those([rule("hours", [10, 20], "between")]) == [
        item for item in everything if 10 <= float(item["text"]["hours"] or 0) <= 20
    ]
    late = [item for item in everything if "" < item["text"]["due_date"] < today]
    assert those([rule("due_date", "TODAY", "lower_than")]) == those([rule("due_date", today, "lower_than")]) == late
    assert those([rule("due_date", [], "is_empty")]) == [item for item in everything if not item["text"]["due_date"]]
    word = everything[0]["name"].split()[0]
    assert those([rule("name", word.upper(), "contains_text")]) == [i for i in everything if word in i["name"]]
    person = next(
        user for user in standin.snapshot()["users"].values() if user["name"] == everything[0]["text"]["person"]
    )
    mine = [item for item in everything if item["text"]["person"] == person["name"]]
    assert those([rule("person", [f"person-{person['id']}"])]) == those([rule("person", [int(person["id"])])]) == mine
    both, either = (
        those([rule("status", [1]), rule("hours", 20, "greater_than")]),
        those([rule("status", [1]), rule("hours", 20, "greater_than")], operator="or"),
    )
    assert both == [item for item in everything if item in done and item in big]
    assert either == [item for item in everything if item in done or item in big]
    assert those([rule("group", ["later"])]) == [item for item in everything if item["group"]["id"] == "later"]
    soon = those([rule("due_date", ["2", "WEEKS"], "within_the_next")])
    assert all(item["text"]["due_date"] >= today for item in soon)


def test_items_are_ordered_by_column_with_the_empty_last(api: Api) -> None:
    ordered = [item["text"]["hours"] for item in api.items(order_by=[{"column_id": "hours", "direction": "desc"}])]
    filled = [float(text) for text in ordered if text]
    assert ordered == [f"{number:g}" for number in sorted(filled, reverse=True)] + [""] * (len(ordered) - len(filled))


@given(st.integers(1, 30))
@settings(max_examples=15, deadline=None)
def test_pages_add_up_to_the_whole(module_standin: MondayStandIn, limit: int) -> None:
    api = Api(module_standin)
    whole = [item["id"] for item in api.items()]
    collected: list[str] = []
    cursor: str | None = None
    for _ in range(len(whole) + 1):
        page = api(ITEMS, board=api.board, limit=limit, cursor=cursor)["boards"][0]["items_page"]
        assert len(page["items"]) <= limit
        collected += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert collected == whole


# -- updates and search


def test_updates_come_newest_first_with_their_replies(api: Api) -> None:
    item = api.items()[0]["id"]
    post = """mutation ($item: ID!, $body: String!, $parent: ID) {
      create_update(item_id: $item, body: $body, parent_id: $parent) { id item_id item { name } }
    }"""
    first = api(post, item=item, body="<p>One &amp; only</p>")["create_update"]
    second = api(post, item=item, body="Two")["create_update"]
    api(post, item=item, body="A reply", parent=first["id"])
    read = "query ($ids: [ID!]) { items(ids: $ids) { updates { id text_body replies { text_body } } } }"
    updates = api(read, ids=[item])["items"][0]["updates"]
    assert updates[:2] == [
        {"id": second["id"], "text_body": "Two", "replies": []},
        {"id": first["id"], "text_body": "One & only", "replies": [{"text_body": "A reply"}]},
    ]
    assert api.error(post, item=item, body=" ")[0] == "InvalidArgumentException"
    assert api.error(post, item=item, body="x", parent="1")[0] == "InvalidUpdateIdException"
    everything = """query ($b: [ID!]) {
      boards(ids: $b) { updates(board_updates_only: false) { id } own: updates(board_updates_only: true) { id } }
    }"""
    board = api(everything, b=[api.board])["boards"][0]
    assert {"id": second["id"]} in board["updates"]
    assert board["own"] == []


def test_search_finds_boards_items_updates_and_workspaces_by_their_words(api: Api) -> None:
    name = WORLD.projects[0].name
    boards = api(
        "query ($q: String!) { search { boards(query: $q) { results { indexed_data { name } } } } }", q=name.lower()
    )
    assert boards["search"]["boards"]["results"] == [{"indexed_data": {"name": name}}]
    item = api.items()[0]
    query = "query ($q: String!, $b: [ID!]) { search { items(query: $q, board_ids: $b) { results { id } } } }"
    assert {"id": item["id"]} in api(query, q=item["name"], b=[api.board])["search"]["items"]["results"]
    assert api(query, q=item["name"], b=["1"])["search"]["items"]["results"] == []
    other = '{ search { workspaces(query: "offers") { results { id } } docs(query: "x") { results { id } } } }'
    found = api(other)["search"]
    assert (len(found["workspaces"]["results"]), found["docs"]["results"]) == (1, [])


# -- errors


def test_what_is_not_there_is_an_empty_list_to_a_query_and_an_error_to_a_mutation(api: Api) -> None:
    assert api("{ boards(ids: [1]) { id } items(ids: [1]) { id } }") == {"boards": [], "items": []}
    assert api.error(CREATE, board="1", name="x")[0] == "InvalidBoardIdException"
    assert api.error(CREATE, board=api.board, name="x", group="nowhere")[0] == "InvalidGroupIdException"
    assert api.error(CHANGE, board=api.board, item="1", values="{}")[0] == "InvalidItemIdException"


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ("{", "JsonParseException", "not valid JSON"),
        ("[]", "JsonParseException", "must be an object"),
        ('{"nope": 1}', "InvalidColumnIdException", "This column ID doesn't exist for the board"),
        ('{"status": {"label": "Lost"}}', "ColumnValueException", "possible statuses are: {0: Working on it, 1: Done"),
        ('{"due_date": {"date": "03.02.2026"}}', "ColumnValueException", "not a date of the form YYYY-MM-DD"),
        ('{"due_date": {"date": "2026-02-03", "time": "noon"}}', "ColumnValueException", "HH:MM:SS"),
        ('{"hours": "many"}', "ColumnValueException", "expected a number"),
        ('{"person": "Ada"}', "ColumnValueException", "no user with the ID Ada"),
        ('{"person": {"id": 1}}', "ColumnValueException", "personsAndTeams"),
        ('{"tags": 5}', "ColumnValueException", "labels"),
        ('{"notes": {"text": ["a"]}}', "ColumnValueException", "expected a string"),
        ('{"name": ""}', "ItemNameTooLongException", "1 to 255 characters"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused(api: Api, values: str, code: str, message: str) -> None:
    found = api.error(CHANGE, board=api.board, item=api.items()[0]["id"], values=values)
    assert found[0] == code
    assert message in found[1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"rules": [rule("nope", [1])]}, "This column ID doesn't exist"),
        ({"rules": [rule("hours", "many", "greater_than")]}, "compares with numbers"),
        ({"rules": [rule("hours", [1], "between")]}, "between needs two values"),
        ({"rules": [rule("hours", [1, "WEEKS"], "within_the_next")]}, "needs a date column"),
        ({"order_by": [{"column_id": "nope"}]}, "This column ID doesn't exist"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(api: Api, query: Json, message: str) -> None:
    assert message in api.error(ITEMS, board=api.board, rules=query)[1]


def test_cursors_and_limits_are_checked(api: Api) -> None:
    assert api.error(ITEMS, board=api.board, cursor="nonsense")[0] == "CursorException"
    assert api.error(ITEMS, board=api.board, limit=501)[0] == "InvalidArgumentException"


def test_a_query_outside_the_schema_is_told_where(api: Api) -> None:
    [error] = api.answer("{ boards { colour } }")["errors"]
    assert error["message"] == "Cannot query field 'colour' on type 'Board'."
    assert error["locations"] == [{"line": 1, "column": 12}]


def test_without_the_right_token_nothing_is_answered(standin: MondayStandIn) -> None:
    answer = TestClient(standin.app).post("/v2", json={"query": "{ boards { id } }"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_AUTHENTICATED"


def test_the_rate_limit_refuses_with_the_time_to_wait() -> None:
    api = Api(MondayStandIn(WORLD, refuse_every=2))
    answers = [api.client.post("/v2", json={"query": "{ boards { id } }"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 200, 429]
    assert answers[1].headers["retry-after"] == "1"


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"query": 1}', b'{"query": "{a}", "variables": []}'])
def test_a_body_that_is_no_graphql_request_is_400(api: Api, body: bytes) -> None:
    assert api.client.post("/v2", content=body).status_code == 400
