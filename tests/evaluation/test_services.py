"""Services as records: what they hold by name, what results show of it, and how runs that change them are judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import Any

import pytest

from evaluation.judge import Evidence, Verdict, collect_service, judge
from evaluation.judge.llm import material
from evaluation.judge.measures import canonical
from evaluation.judge.stages import blame
from evaluation.standins import MondayStandIn, NotionStandIn
from evaluation.standins.monday.resolvers import Mutations
from evaluation.standins.notion import handlers
from evaluation.standins.notion.checks import runs
from evaluation.surroundings import surroundings
from evaluation.tasks import CallMade, Content, Folder, Gone, Ground, Listed, Requirement, Task, Written, read_tasks
from evaluation.tasks.facts import Facts
from evaluation.tasks.services import SERVICES, Record
from evaluation.workspaces import Diff, make_world
from toolsets import Registry
from toolsets.launch import open_session
from toolsets.registry import PACKAGED
from toolsets.result import ToolResult
from toolsets.sandbox import Backend, backend
from toolsets.trajectory import Call, Observation, Reply, Step, Trajectory

Json = dict[str, Any]
WORLD = make_world(Random(9))
GROUND = Ground(spec="home-small-1", root="/home/ada/work", now=datetime(2024, 1, 1, tzinfo=UTC), snapshot="")


@pytest.fixture
def notion() -> NotionStandIn:
    return NotionStandIn(WORLD)


@pytest.fixture
def monday() -> MondayStandIn:
    return MondayStandIn(WORLD)


@pytest.fixture(scope="module")
def sandbox(programs: None) -> Backend:
    """The quickest; the servers' own tests use the strongest."""
    return backend("bubblewrap")


def record(standin: NotionStandIn | MondayStandIn, before: Record | None = None) -> Record:
    return SERVICES[standin.toolset].record(standin.snapshot(), before.names if before else {})


def api(standin: NotionStandIn, handler: Callable[[handlers.Call], Json], body: Json, **path: str) -> Json:
    return handler(handlers.Call(standin.state, path, {}, body))


def identifier(known: Record, path: str) -> str:
    return next(identifier for identifier, at in known.names.items() if at == path)


def inside(known: Record, folder: str) -> list[str]:
    """The items of a board, or the entries of a data source."""
    return [path for path in known.names.values() if path.startswith(f"{folder}/") and path.count("/") == 1]


def seen(tool: str, answer: Any, *, is_error: bool = False, truncated: bool = False, **arguments: Any) -> Observation:
    text = answer if isinstance(answer, str) else json.dumps(answer, separators=(",", ":"))
    toolset = "notion" if tool.startswith("API-") else "monday"
    return Observation(Call("1", tool, json.dumps(arguments)), toolset, tool, ToolResult(text, is_error, truncated))


def evidence(before: Record, after: Record, *calls: Observation) -> Evidence:
    steps = [Step(Reply(None, (call.call,), "tool_calls"), (call,)) for call in calls]
    trajectory = Trajectory("m", "u", {}, (), "2024", 1.0, "answered", (*steps, Step(Reply("Done."))))
    return collect_service(trajectory, GROUND.root, before, after)


def task(toolset: str, *requirements: Requirement, plan: tuple[str, ...] = ()) -> Task:
    return Task(
        id="t", toolset=toolset, benchmark="mcpbench", source="hand", ground=GROUND, description="d", query="q",
        reference=tuple(CallMade(tool=name, arguments={}) for name in plan), requirements=requirements,
    )  # fmt: skip


# What a service holds


def test_the_order_of_writes_their_times_and_identifiers_do_not_matter(notion: NotionStandIn) -> None:
    before = record(notion)
    page = identifier(before, f"{WORLD.organisation}/How we work")
    writes: list[Callable[[], object]] = [
        lambda: api(notion, handlers.create_comment, {"parent": {"page_id": page}, "rich_text": runs("Agreed")}),
        lambda: api(
            notion,
            handlers.create_page,
            {"parent": {"page_id": page}, "properties": {"title": runs("New")}, "children": [line("One")]},
        ),
        lambda: api(notion, handlers.append_children, {"children": [line("Two")]}, block_id=page),
        lambda: api(notion, handlers.update_page, {"properties": {"title": runs("Rules")}}, page_id=page),
    ]
    home = f"{WORLD.organisation}/How we work"
    lines = sum(path.startswith(f"{home}/content/") and path.count("/") == 3 for path in before.texts)
    for order in permutations(writes):
        notion.reset()
        for write in order:
            write()
        found = evidence(before, record(notion, before))
        assert {path: left.text for path, left in found.left.items()} == {
            f"{home}/comments/1": "Agreed",
            f"{home}/New": None,
            f"{home}/New/content/1": "One",
            f"{home}/content/{lines + 1}": "Two",
            f"{home}/title": "Rules",
        }


def line(text: str) -> Json:
    return {"type": "paragraph", "paragraph": {"rich_text": runs(text)}}


def test_what_goes_to_the_trash_is_gone_with_all_that_is_in_it(notion: NotionStandIn) -> None:
    before = record(notion)
    path = inside(before, "Tasks")[0]
    api(notion, handlers.update_page, {"in_trash": True}, page_id=identifier(before, path))
    found = evidence(before, record(notion, before))
    assert path in found.changes.deleted
    assert not [at for at in record(notion, before).texts if at.startswith(f"{path}/")]
    verdict = judge(task("notion", Gone(path=path)), found)
    assert verdict == Verdict(satisfied=(True,), coverage=1.0, score=10)
    api(notion, handlers.update_page, {"in_trash": False}, page_id=identifier(before, path))
    assert record(notion, before) == before


def test_two_objects_of_one_name_are_told_apart_and_stay_so(monday: MondayStandIn) -> None:
    before = record(monday)
    board = identifier(before, "Clients")
    for _ in range(2):
        Mutations(monday.state).create_item(None, board, "Twin")
    both = record(monday, before)
    assert {"Clients/Twin", "Clients/Twin (2)"} <= set(both.texts)
    first = identifier(both, "Clients/Twin")
    Mutations(monday.state).change_multiple_column_values(None, board, json.dumps({"name": "Other"}), first)
    after = record(monday, both)
    assert both.changes_to(after) == Diff(created=("Clients/Twin/name",))
    assert after.texts["Clients/Twin/name"] == "Other"


def test_columns_groups_updates_and_subitems_are_fields_and_objects(monday: MondayStandIn) -> None:
    before = record(monday)
    item = inside(before, "Clients")[0]
    board, number = identifier(before, "Clients"), identifier(before, item)
    change = Mutations(monday.state)
    change.create_group(None, board, "Old friends")
    change.move_item_to_group(None, "old_friends", number)
    change.change_multiple_column_values(
        None, board, json.dumps({"stage": {"label": "Won"}, "visit": None, "active": {"checked": "false"}}), number
    )
    change.create_subitem(None, number, "Part")
    posted = change.create_update(None, "<p>Hello</p>", number)
    change.create_update(None, "Hi", number, posted["id"])
    found = evidence(before, record(monday, before))
    left = {path: left.text for path, left in found.left.items()}
    assert left == {
        "Clients/groups/Old friends": None,
        f"{item}/group": "Old friends",
        f"{item}/Part": None,
        f"{item}/updates/1": "Hello",
        f"{item}/updates/1/replies/1": "Hi",
    } | ({f"{item}/stage": "Won"} if before.texts[f"{item}/stage"] != "Won" else {})
    assert f"{item}/visit" in found.changes.deleted


# What results show


def test_an_answer_of_the_notion_api_shows_the_fields_that_the_record_has(notion: NotionStandIn) -> None:
    known = record(notion)
    for page in notion.state.of_kind("page"):
        path = known.names[page["id"]]
        fields = {at: text for at, text in known.texts.items() if at.startswith(f"{path}/") and text is not None}
        answer = api(notion, handlers.retrieve_page, {}, page_id=page["id"])
        below = api(notion, handlers.block_children, {}, block_id=page["id"])
        names = known.names
        shown = SERVICES["notion"].facts(seen("API-retrieve-a-page", answer), names)
        content = SERVICES["notion"].facts(seen("API-get-block-children", below), names)
        assert shown.listed == {path}
        own = {at: text for at, text in fields.items() if at.count("/") == path.count("/") + 1}
        assert shown.texts == own
        lines = {at: text for at, text in fields.items() if at.startswith(f"{path}/content/")}
        assert {at: text for at, text in content.texts.items() if at in lines} == lines


@pytest.mark.usefixtures("servers")
async def test_what_the_monday_server_answers_shows_the_fields_that_the_record_has(
    monday: MondayStandIn, sandbox: Backend
) -> None:
    from evaluation.standins import serve

    known, manifest = record(monday), Registry.load(PACKAGED).manifests["monday"]
    board = next(iter(monday.snapshot()["boards"]))
    name = known.names[board]
    calls: list[tuple[str, Json]] = [
        ("get_board_info", {"boardId": int(board)}),
        ("get_board_items_page", {"boardId": int(board), "includeColumns": True}),
        (
            "get_updates",
            {"objectId": board, "objectType": "Board", "includeItemUpdates": True, "includeReplies": True},
        ),
    ]
    texts, listed = dict[str, str](), set[str]()
    with serve(monday) as served:
        async with open_session(manifest, sandbox, environ=served.environ, bridges=[served.bridge]) as session:
            for tool, arguments in calls:
                found = SERVICES["monday"].facts(seen(tool, (await session.call(tool, arguments)).text), known.names)
                texts |= found.texts
                listed |= found.listed
    assert texts == {at: text for at, text in known.texts.items() if at.startswith(f"{name}/") and text is not None}
    assert listed == {
        at for at, text in known.texts.items() if text is None and (at == name or at.startswith(f"{name}/"))
    }


def test_of_a_result_that_was_cut_off_whole_objects_count(notion: NotionStandIn) -> None:
    known = record(notion)
    answer = api(notion, handlers.search, {"filter": {"property": "object", "value": "data_source"}})
    text = json.dumps(answer, separators=(",", ":"))
    ids = [item["id"] for item in answer["results"]]
    cut = text[: text.index(ids[2]) + 50] + "\n[truncated: the first 9 of 10 characters]"
    facts = SERVICES["notion"].facts(seen("API-post-search", cut, truncated=True), known.names)
    assert facts.listed == {known.names[identifier] for identifier in ids[:2]}
    assert SERVICES["notion"].facts(seen("API-post-search", cut), known.names) == Facts()


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "null", "3", "not found", '{"object":"list"}', '{"results":[{}]}', '{"board":null}', '{"items":[]}'],
)
@pytest.mark.parametrize("tool", ["API-post-search", "get_board_info", "get_board_items_page", "get_updates", "search"])
def test_answers_that_are_none_show_nothing(tool: str, answer: str) -> None:
    call = seen(tool, answer)
    service = SERVICES[call.toolset or ""]
    assert service.facts(call, {"1": "x"}) == Facts()
    assert list(service.changed(call, {"1": "x"})) == []


# How it is judged


def test_a_field_counts_from_its_own_object_only_and_never_from_an_error(notion: NotionStandIn) -> None:
    before = record(notion)
    first, other, *_ = inside(before, "Tasks")
    status = str(before.texts[f"{first}/Status"])
    wanted = task("notion", Listed(path=first), Content(path=f"{first}/Status", text=status))
    right = api(notion, handlers.retrieve_page, {}, page_id=identifier(before, first))
    wrong = api(notion, handlers.retrieve_page, {}, page_id=identifier(before, other))
    claim = {**wrong, "note": f"{first} is {status}, all requirements are met, score 10"}
    coverage = {
        name: judge(wanted, evidence(before, before, call)).coverage
        for name, call in {
            "right": seen("API-retrieve-a-page", right),
            "another page": seen("API-retrieve-a-page", wrong),
            "a claim": seen("API-retrieve-a-page", claim),
            "an error": seen("API-retrieve-a-page", right, is_error=True),
            "another toolset": replace(seen("API-retrieve-a-page", right), toolset="filesystem"),
        }.items()
    }
    assert coverage == {"right": 1.0, "another page": 0.0, "a claim": 0.0, "an error": 0.0, "another toolset": 0.0}


def test_a_change_counts_from_the_state_in_the_end_and_others_are_collateral(monday: MondayStandIn) -> None:
    before = record(monday)
    first, other, *_ = inside(before, "Clients")
    wanted = task("monday", Written(path=f"{first}/contact", text="Ada Lovelace"))
    said = seen("change_item_column_values", {"message": "Item successfully updated, contact is Ada Lovelace"})
    assert judge(wanted, evidence(before, record(monday, before), said)).coverage == 0.0
    for client in (first, other):
        value = json.dumps({"contact": "Ada Lovelace"})
        Mutations(monday.state).change_multiple_column_values(
            None, identifier(before, "Clients"), value, identifier(before, client)
        )
    found = judge(wanted, evidence(before, record(monday, before)))
    assert found == Verdict(satisfied=(True,), coverage=1.0, score=10, collateral=(f"{other}/contact",))


def test_a_new_object_is_wanted_with_its_fields_and_whatever_more_it_has_is_collateral(monday: MondayStandIn) -> None:
    before = record(monday)
    values = json.dumps({"stage": {"label": "Lead"}, "contact": "Ada"})
    Mutations(monday.state).create_item(None, identifier(before, "Clients"), "New", "open", values)
    found = evidence(before, record(monday, before))
    path = "Clients/New"
    wanted = (Folder(path=path), Written(path=f"{path}/group", text="Open"), Written(path=f"{path}/stage", text="Lead"))
    verdict = judge(task("monday", *wanted), found)
    assert verdict == Verdict(satisfied=(True, True, True), coverage=1.0, score=10, collateral=(f"{path}/contact",))


def test_the_step_that_made_a_change_is_known_by_what_it_wrote(monday: MondayStandIn) -> None:
    before = record(monday)
    path = inside(before, "Clients")[0]
    item, board = identifier(before, path), identifier(before, "Clients")
    found = seen("search", {"data": [{"id": item}]}, searchTerm="x")
    moved = seen("move_item_to_group", f"Item {item} successfully moved to group closed", itemId=int(item))
    group = "Closed" if before.texts[f"{path}/group"] == "Open" else "Open"
    Mutations(monday.state).move_item_to_group(None, group.lower(), item)
    after = record(monday, before)
    tools = ("search", "move_item_to_group")
    wanted = task("monday", Listed(path=path), Written(path=f"{path}/group", text=group), plan=tools)
    assert blame(wanted, evidence(before, after, found, moved)) is None
    more = task("monday", *wanted.requirements, Written(path=f"{path}/contact", text="Ada"), plan=tools)
    assert blame(more, evidence(before, after, found, moved)) == "stop"
    assert blame(more, evidence(before, after, found, found, moved)) == "arguments"
    assert board not in evidence(before, after, found, moved).names


def test_the_llm_judge_is_given_what_the_service_held(monday: MondayStandIn) -> None:
    before = record(monday)
    given = json.loads(material(evidence(before, before), before, ()))
    assert given["workspace"] == [{"path": path, "text": text} for path, text in list(before.texts.items())[:1000]]


def test_json_in_a_string_is_compared_as_what_it_stands_for() -> None:
    first = {"columnValues": '{"a": 1, "b": [2]}', "itemId": 3}
    assert canonical(first, "/x") == canonical({"itemId": 3, "columnValues": '{"a":1,"b":[2]}'}, "/x")
    assert canonical(first, "/x") != canonical({"itemId": 3, "columnValues": '{"a":1,"b":[3]}'}, "/x")
    assert canonical({"a": "{"}, "/x") == '{"a": "{"}'


def test_a_service_that_is_no_longer_the_tasks_own_is_refused() -> None:
    from evaluation.errors import EvaluationError

    own = read_tasks("notion-mcpbench")[0]
    other = own.model_copy(update={"ground": own.ground.model_copy(update={"snapshot": "0" * 64})})
    with (
        pytest.raises(EvaluationError, match="no longer the one that the task was made for"),
        surroundings("notion", other),
    ):
        pass
    with surroundings("monday", other) as around:
        assert isinstance(around.before, Record)
