"""A monday.com account about the people and projects of a world: a board a project, a board of clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from evaluation.standins.clock import Clock, Identifiers
from evaluation.standins.monday.columns import Json
from evaluation.standins.monday.state import MondayState
from evaluation.workspaces.world import Project, World, ascii_only
from evaluation.workspaces.writer import Writer

_STATES = (("Working on it", "#fdab3d"), ("Done", "#00c875"), ("Stuck", "#df2f4a"), ("Not started", "#c4c4c4"))
_PRIORITIES = (("High", "#bb3354"), ("Medium", "#fdab3d"), ("Low", "#579bfc"))
_STAGES = (("Lead", "#579bfc"), ("Negotiation", "#fdab3d"), ("Won", "#00c875"), ("Lost", "#df2f4a"))
_GROUPS = ("This week", "Next week", "Later", "Finished")


def seeded(world: World, random: Random) -> MondayState:
    """An account with half a dozen boards; the same world and random numbers give the same one."""
    slug = ascii_only(world.organisation).split()[0].lower()
    state = MondayState(Clock.at(world.today), Identifiers(random), slug)
    for person in world.people:
        identifier = str(random.randrange(10**7, 10**8))
        state.users[identifier] = {"id": identifier, "name": person.name, "email": f"{person.handle}@{world.host}"}
    state.me = next(iter(state.users))
    main = _workspace(state, world.organisation, "Everything the team works on")
    sales = _workspace(state, "Clients and offers", None)
    folder = str(random.randrange(10**6, 10**7))
    state.folders[folder] = {"id": folder, "name": "Projects", "workspace_id": main}
    for project in world.projects:
        _project_board(state, Writer(random, world, project, world.today), project, main, folder)
    _client_board(state, Writer.about(random, world), sales)
    return state


def _workspace(state: MondayState, name: str, description: str | None) -> str:
    identifier = str(state.identifiers.random.randrange(10**6, 10**7))
    state.workspaces[identifier] = {"id": identifier, "name": name, "kind": "open", "description": description}
    return identifier


def _project_board(state: MondayState, w: Writer, project: Project, workspace: str, folder: str) -> None:
    columns = [
        _column("name", "name", "Name"),
        _column("person", "people", "Owner"),
        _column("status", "status", "Status", labels=_labels(_STATES)),
        _column("priority", "status", "Priority", labels=_labels(_PRIORITIES)),
        _column("due_date", "date", "Due date"),
        _column("hours", "numbers", "Estimated hours", unit="hours"),
        _column("tags", "dropdown", "Topics", labels=_choices(project.domain.things[:6])),
        _column("notes", "long_text", "Notes"),
    ]
    about = {
        "name": project.name,
        "description": f"For {project.client}, led by {project.lead.name}",
        "columns": columns,
    }
    board = state.add_board({**about, "workspace_id": workspace, "folder_id": folder})
    groups = [state.add_group(board, title, None, number) for number, title in enumerate(_GROUPS)]
    for task in w.lines("task", 8, 14):
        values = {
            "person": {"personsAndTeams": [{"id": int(w.random.choice(list(state.users))), "kind": "person"}]},
            "status": {"label": w.random.choice(_STATES)[0]},
            "priority": {"label": w.random.choice(_PRIORITIES)[0]},
            "due_date": {"date": w.near(15, 45).isoformat()} if w.random.random() < 0.8 else None,
            "hours": w.random.randint(1, 40) if w.random.random() < 0.7 else None,
            "tags": {"labels": w.random.sample(project.domain.things[:6], w.random.randint(0, 2))},
            "notes": w.sentence("status") if w.random.random() < 0.4 else None,
        }
        item = _item(state, board, w.random.choice(groups), task, values)
        for _ in range(w.random.choice((0, 0, 1, 2))):
            _update(state, w, item)


def _client_board(state: MondayState, w: Writer, workspace: str) -> None:
    columns = [
        _column("name", "name", "Name"),
        _column("stage", "status", "Stage", labels=_labels(_STAGES)),
        _column("contact", "text", "Contact"),
        _column("email", "email", "Email"),
        _column("phone", "phone", "Phone"),
        _column("website", "link", "Website"),
        _column("deal_size", "numbers", "Deal size", unit="euros"),
        _column("visit", "timeline", "Visit"),
        _column("active", "checkbox", "Active"),
    ]
    board = state.add_board({"name": "Clients", "columns": columns, "workspace_id": workspace})
    groups = [state.add_group(board, title, None, number) for number, title in enumerate(("Open", "Closed"))]
    for client in w.world.clients:
        person, host = w.person(), ascii_only(client).split()[0].lower() + ".example"
        first = w.near(20, 60)
        values = {
            "stage": {"label": w.random.choice(_STAGES)[0]},
            "contact": person.name,
            "email": {"email": f"{person.handle}@{host}"},
            "phone": {"phone": f"+49{w.random.randint(10**8, 10**9)}"},
            "website": {"url": f"https://www.{host}"},
            "deal_size": w.random.randint(2, 300) * 250,
            "visit": {"from": first.isoformat(), "to": first.isoformat()},
            "active": {"checked": str(w.random.random() < 0.7).lower()},
        }
        _item(state, board, w.random.choice(groups), client, values)


def _item(state: MondayState, board: Json, group: Json, name: str, values: Json) -> Json:
    return state.add_item(board, group, name, state.values(board, json.dumps(values), False))


def _update(state: MondayState, w: Writer, item: Json) -> None:
    author = w.random.choice(list(state.users))
    update = state.add_update(item, f"<p>{w.sentence('problem')}</p>", None)
    update["creator_id"] = author
    if w.random.random() < 0.4:
        state.add_update(item, f"<p>{w.sentence('decision')}</p>", update["id"])


def _column(identifier: str, kind: str, title: str, **settings: Any) -> Json:
    return {"id": identifier, "title": title, "description": None, "type": kind, "settings": settings}


def _labels(pairs: Sequence[tuple[str, str]]) -> list[Json]:
    return [
        {"id": number, "index": number, "label": label, "color": color, "is_done": label in ("Done", "Won")}
        for number, (label, color) in enumerate(pairs)
    ]


def _choices(names: Sequence[str]) -> list[Json]:
    return [{"id": number, "label": name} for number, name in enumerate(names, 1)]
