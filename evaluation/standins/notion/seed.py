"""A Notion workspace about the people and projects of a world: a home page, project pages, three databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from evaluation.standins.clock import Clock, Identifiers
from evaluation.standins.notion import blocks
from evaluation.standins.notion.checks import Json, runs
from evaluation.standins.notion.handlers import Call, create_comment, create_page
from evaluation.standins.notion.state import NotionState
from evaluation.workspaces.world import Project, World
from evaluation.workspaces.writer import Writer, capital

_STATES = ("Not started", "In progress", "Waiting", "Done")
_PRIORITIES = ("High", "Medium", "Low")
_MEETINGS = ("Weekly", "Client", "Review", "Planning")
_COLORS = ("gray", "blue", "yellow", "green", "red", "purple")


def seeded(world: World, random: Random) -> NotionState:
    """A workspace of a few hundred objects; the same world and random numbers give the same one."""
    first = Writer.about(random, world)
    state = NotionState(Clock.at(first.world.today), Identifiers(random), bot="")
    _people(state, world)
    home = _page(state, None, world.organisation, [f"Welcome to {world.organisation}.", first.sentence("decision")])
    databases = {
        "Tasks": _database(state, home, "Tasks", _task_columns()),
        "Meetings": _database(state, home, "Meetings", _meeting_columns()),
        "Contacts": _database(state, home, "Contacts", _contact_columns()),
    }
    for project in world.projects:
        writer = Writer(random, world, project, world.today)
        _project(state, writer, home, project)
        for task in writer.lines("task", 5, 9):
            _row(state, databases["Tasks"], _task(state, writer, task), writer.lines("status", 1, 3))
        for _ in range(random.randint(1, 3)):
            _row(state, databases["Meetings"], _meeting(state, writer), writer.lines("decision", 2, 5))
    for client in world.clients:
        _row(state, databases["Contacts"], _contact(Writer.about(random, world), client), [])
    guide = _page(state, home, "How we work", first.lines("guide", 4, 8))
    for action in random.sample(first.project.domain.actions, 3):
        _page(state, guide, f"How to {action}", first.lines("guide", 3, 7))
    state.clock.tick()
    return state


def _people(state: NotionState, world: World) -> None:
    for person in world.people:
        user = {"name": person.name, "avatar_url": None, "type": "person"}
        _user(state, {**user, "person": {"email": f"{person.handle}@{world.host}"}})
    bot = {"owner": {"type": "workspace", "workspace": True}, "workspace_name": world.organisation}
    state.bot = _user(state, {"name": "Assistant", "avatar_url": None, "type": "bot", "bot": bot})


def _user(state: NotionState, fields: Json) -> str:
    identifier = state.identifiers.uuid()
    state.objects[identifier] = {"object": "user", "id": identifier, **fields}
    return identifier


def _page(state: NotionState, parent: Json | None, heading: str, lines: Sequence[str]) -> Json:
    children = [_text("paragraph", line) for line in lines]
    if parent is not None:
        call = _call(
            state, {"parent": {"page_id": parent["id"]}, "properties": {"title": runs(heading)}, "children": children}
        )
        return state.objects[create_page(call)["id"]]
    page = state.add(
        {
            "object": "page",
            "cover": None,
            "icon": {"type": "emoji", "emoji": "🏠"},
            "parent": {"type": "workspace", "workspace": True},
            "archived": False,
            "in_trash": False,
            "is_locked": False,
            "properties": {"title": {"id": "title", "type": "title", "title": runs(heading)}},
            "public_url": None,
            "url": "https://www.notion.so/home",
        }
    )
    blocks.append(state, page, children, "body.children")
    return page


def _database(state: NotionState, home: Json, name: str, columns: Mapping[str, Json]) -> Json:
    """A database with its one data source, which is what is given back."""
    database = state.add(
        {
            "object": "database",
            "title": runs(name),
            "description": [],
            "parent": {"type": "page_id", "page_id": home["id"]},
            "is_inline": False,
            "archived": False,
            "in_trash": False,
            "icon": None,
            "cover": None,
            "data_sources": [],
        }
    )
    state.children.setdefault(home["id"], []).append(database["id"])
    properties = {}
    for column, kind in columns.items():
        short = "title" if "title" in kind else "".join(state.identifiers.random.choices("abcdefghkmnpqrstuvwxyz", k=4))
        properties[column] = {"id": short, "name": column, "description": None, "type": next(iter(kind)), **kind}
    source = state.add(
        {
            "object": "data_source",
            "title": runs(name),
            "description": [],
            "parent": {"type": "database_id", "database_id": database["id"]},
            "database_parent": {"type": "page_id", "page_id": home["id"]},
            "is_inline": False,
            "archived": False,
            "in_trash": False,
            "icon": None,
            "cover": None,
            "properties": properties,
            "url": f"https://www.notion.so/{database['id'].replace('-', '')}",
            "public_url": None,
        }
    )
    for property in properties.values():
        for option in property[property["type"]].get("options", ()):
            option["id"] = state.identifiers.uuid()
    database["data_sources"] = [{"id": source["id"], "name": name}]
    return source


def _task_columns() -> Mapping[str, Json]:
    return {
        "Task": {"title": {}},
        "Status": {"status": {"options": _options(_STATES), "groups": []}},
        "Priority": {"select": {"options": _options(_PRIORITIES)}},
        "Project": {"select": {"options": []}},
        "Assignee": {"people": {}},
        "Due": {"date": {}},
        "Hours": {"number": {"format": "number"}},
        "Tags": {"multi_select": {"options": []}},
        "Edited": {"last_edited_time": {}},
    }


def _meeting_columns() -> Mapping[str, Json]:
    return {
        "Title": {"title": {}},
        "Date": {"date": {}},
        "Type": {"select": {"options": _options(_MEETINGS)}},
        "Attendees": {"people": {}},
        "Summary": {"rich_text": {}},
        "Minutes sent": {"checkbox": {}},
    }


def _contact_columns() -> Mapping[str, Json]:
    return {
        "Name": {"title": {}},
        "Company": {"rich_text": {}},
        "Email": {"email": {}},
        "Phone": {"phone_number": {}},
        "Website": {"url": {}},
        "Town": {"select": {"options": []}},
        "Last contact": {"date": {}},
    }


def _options(names: Iterable[str]) -> list[Json]:
    return [{"name": name, "color": color, "description": None} for name, color in zip(names, _COLORS, strict=False)]


def _project(state: NotionState, w: Writer, home: Json, project: Project) -> None:
    page = _page(state, home, project.name, [f"For {project.client}, led by {project.lead.name}."])
    children = [_text("heading_2", "Where we are"), *(_text("paragraph", line) for line in w.lines("status", 2, 4))]
    children += [
        _text("heading_2", "Problems"),
        *(_text("bulleted_list_item", line) for line in w.lines("problem", 2, 4)),
    ]
    children += [_text("heading_2", "Next"), *(_to_do(w, line) for line in w.lines("task", 2, 5))]
    blocks.append(state, page, children, "body.children")
    notes = [_text("quote", w.sentence("question")), *(_text("paragraph", line) for line in w.lines("finding", 2, 4))]
    blocks.append(state, _page(state, page, f"{project.name}: {w.title()}", []), notes, "body.children")
    comment = {"parent": {"page_id": page["id"]}, "rich_text": runs(w.sentence("question"))}
    create_comment(_call(state, comment))


def _row(state: NotionState, source: Json, properties: Json, lines: Sequence[str]) -> None:
    children = [_text("paragraph", line) for line in lines]
    create_page(
        _call(state, {"parent": {"data_source_id": source["id"]}, "properties": properties, "children": children})
    )


def _task(state: NotionState, w: Writer, task: str) -> Json:
    values: Json = {
        "Task": {"title": runs(task)},
        "Status": {"status": {"name": w.random.choice(_STATES)}},
        "Project": {"select": {"name": w.project.name}},
        "Priority": {"select": {"name": w.random.choice(_PRIORITIES)}},
        "Assignee": {"people": _some_people(state, w, 1)},
        "Tags": {
            "multi_select": [
                {"name": thing} for thing in w.random.sample(w.project.domain.things, w.random.randint(0, 2))
            ]
        },
    }
    if w.random.random() < 0.8:
        values["Due"] = {"date": {"start": w.near(20, 40).isoformat()}}
    if w.random.random() < 0.7:
        values["Hours"] = {"number": w.random.randint(1, 60)}
    return values


def _meeting(state: NotionState, w: Writer) -> Json:
    return {
        "Title": {"title": runs(f"{w.project.name}: {capital(w.title())}")},
        "Date": {"date": {"start": w.near(60, 20).isoformat()}},
        "Type": {"select": {"name": w.random.choice(_MEETINGS)}},
        "Attendees": {"people": _some_people(state, w, 4)},
        "Summary": {"rich_text": runs(w.paragraph("decision", 1, 2))},
        "Minutes sent": {"checkbox": w.random.random() < 0.5},
    }


def _contact(w: Writer, client: str) -> Json:
    person = w.person()
    host = client.split()[0].lower() + ".example"
    return {
        "Name": {"title": runs(person.name)},
        "Company": {"rich_text": runs(client)},
        "Email": {"email": f"{person.handle}@{host}"},
        "Phone": {
            "phone_number": f"+{w.random.randint(30, 49)} {w.random.randint(100, 999)} {w.random.randint(10000, 99999)}"
        },
        "Website": {"url": f"https://www.{host}"},
        "Town": {"select": {"name": w.random.choice(w.world.towns)}},
        "Last contact": {"date": {"start": w.near(90, 0).isoformat()}},
    }


def _some_people(state: NotionState, w: Writer, most: int) -> list[Json]:
    people = [user for user in state.of_kind("user") if user["type"] == "person"]
    return [{"id": user["id"]} for user in w.random.sample(people, w.random.randint(1, most))]


def _text(kind: str, line: str) -> Json:
    return {"type": kind, kind: {"rich_text": runs(line)}}


def _to_do(w: Writer, line: str) -> Json:
    return {"type": "to_do", "to_do": {"rich_text": runs(line), "checked": w.random.random() < 0.4}}


def _call(state: NotionState, body: dict[str, Any]) -> Call:
    return Call(state, {}, {}, body)
