"""The endpoints behind the shipped tools: each takes a call and gives the answer, or raises a NotionError.

API version 2025-09-03, in which a database holds data sources and pages live in those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from evaluation.standins.notion import blocks
from evaluation.standins.notion.checks import Json, boolean, identifier, mapping, page_size, rich_text, text
from evaluation.standins.notion.errors import invalid, misfit
from evaluation.standins.notion.query import matches, ordered
from evaluation.standins.notion.state import NotionState, listing, title
from evaluation.standins.notion.values import PAGE_ONLY, initial, written


@dataclass(frozen=True)
class Call:
    """A request: the id in its path, its query string, its body."""

    state: NotionState
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Json

    def id(self, name: str) -> str:
        return identifier(self.path[name], f"path.{name}")

    def option(self, name: str) -> str | None:
        return self.query[name][-1] if name in self.query else None


def search(call: Call) -> Json:
    """Pages and data sources whose title has every word of the query, the last edited first."""
    body = call.body
    kinds: tuple[str, ...] = ("page", "data_source")
    if body.get("filter") is not None:
        chosen = mapping(body["filter"], "body.filter")
        if chosen.get("property") != "object":
            raise misfit("body.filter.property", '`"object"`', chosen.get("property"))
        if chosen.get("value") not in kinds:
            raise misfit("body.filter.value", '`"page"` or `"data_source"`', chosen.get("value"))
        kinds = (chosen["value"],)
    sort = mapping(body.get("sort") or {}, "body.sort")
    if sort.get("timestamp", "last_edited_time") != "last_edited_time":
        raise misfit("body.sort.timestamp", '`"last_edited_time"`', sort["timestamp"])
    direction = sort.get("direction", "descending")
    if direction not in ("ascending", "descending"):
        raise misfit("body.sort.direction", '`"ascending"` or `"descending"`', direction)
    wanted = text(body.get("query") or "", "body.query").casefold().split()
    found = [
        item
        for item in call.state.of_kind(*kinds)
        if not item["in_trash"] and all(word in title(item).casefold() for word in wanted)
    ]
    found.sort(key=lambda item: item["last_edited_time"], reverse=direction == "descending")
    return listing(found, "page_or_data_source", body.get("start_cursor"), page_size(body.get("page_size")))


def retrieve_page(call: Call) -> Json:
    page = deepcopy(call.state.get("page", call.id("page_id")))
    return _limited(page, call.query.get("filter_properties", ()))


def create_page(call: Call) -> Json:
    state, body = call.state, call.body
    parent, schema = _parent(state, mapping(body.get("parent"), "body.parent"))
    values = written(state, schema, body.get("properties"), "body.properties")
    page = state.add(
        {
            "object": "page",
            "cover": _cover(body.get("cover")),
            "icon": _icon(body.get("icon")),
            "parent": parent,
            "archived": False,
            "in_trash": False,
            "is_locked": False,
            "properties": {},
            "public_url": None,
        }
    )
    page["properties"] = {**initial(schema, page), **values}
    page["url"] = _url(page)
    if parent["type"] == "page_id":
        state.children.setdefault(parent["page_id"], []).append(page["id"])
    blocks.append(state, page, body.get("children") or [], "body.children")
    return deepcopy(page)


def update_page(call: Call) -> Json:
    state, body = call.state, call.body
    page = state.get("page", call.id("page_id"))
    trash = body.get("in_trash", body.get("archived"))
    if trash is None or boolean(trash, "body.in_trash"):
        state.editable(page)
    changes: Json = {}
    if trash is not None:
        changes = {"in_trash": trash, "archived": trash}
    if "icon" in body:
        changes["icon"] = _icon(body["icon"])
    if "cover" in body:
        changes["cover"] = _cover(body["cover"])
    schema = PAGE_ONLY
    if page["parent"]["type"] == "data_source_id":
        schema = state.get("data_source", page["parent"]["data_source_id"])["properties"]
    values = written(state, schema, body.get("properties") or {}, "body.properties")
    page.update(changes)
    page["properties"].update(values)
    state.touch(page)
    page["url"] = _url(page)
    return deepcopy(page)


def block_children(call: Call) -> Json:
    state, parent = call.state, call.id("block_id")
    state.container(parent)
    below = [blocks.shown(state, child) for child in state.children.get(parent, ())]
    present = [block for block in below if not block["in_trash"]]
    return listing(present, "block", call.option("start_cursor"), page_size(call.option("page_size")))


def append_children(call: Call) -> Json:
    state, body = call.state, call.body
    container = state.editable(state.container(call.id("block_id")))
    after = body.get("after")
    place = None if after is None else identifier(after, "body.after")
    made = blocks.append(state, container, body.get("children"), "body.children", place)
    state.touch(container)
    return listing(made, "block", None, 100)


def retrieve_data_source(call: Call) -> Json:
    return deepcopy(call.state.get("data_source", call.id("data_source_id")))


def query_data_source(call: Call) -> Json:
    state, body = call.state, call.body
    source = state.get("data_source", call.id("data_source_id"))
    schema, now = source["properties"], state.clock.now
    in_trash = boolean(body.get("in_trash", body.get("archived", False)), "body.in_trash")
    pages = [
        page
        for page in state.of_kind("page")
        if page["parent"].get("data_source_id") == source["id"] and page["in_trash"] == in_trash
    ]
    if body.get("filter") is not None:
        pages = [page for page in pages if matches(page, body["filter"], schema, now)]
    if body.get("sorts"):
        pages = ordered(pages, body["sorts"], schema)
    answer = listing(pages, "page_or_data_source", body.get("start_cursor"), page_size(body.get("page_size")))
    answer["results"] = [_limited(page, call.query.get("filter_properties", ())) for page in answer["results"]]
    return answer


def create_comment(call: Call) -> Json:
    state, body = call.state, call.body
    parent = mapping(body.get("parent"), "body.parent")
    link = next((name for name in ("page_id", "block_id") if name in parent), None)
    if link is None:
        raise misfit("body.parent.page_id", "defined", None)
    target = identifier(parent[link], f"body.parent.{link}")
    state.get("page", target) if link == "page_id" else state.container(target)
    words = rich_text(body.get("rich_text"), "body.rich_text")
    if not words:
        raise misfit("body.rich_text.length", "≥ `1`", 0)
    comment = state.add(
        {
            "object": "comment",
            "parent": {"type": link, link: target},
            "discussion_id": state.identifiers.uuid(),
            "rich_text": words,
            "display_name": {"type": "integration", "resolved_name": state.objects[state.bot]["name"]},
        }
    )
    return deepcopy(comment)


def _parent(state: NotionState, given: Json) -> tuple[Json, Json]:
    """A new page's parent as the answer names it, and the schema it gives."""
    if "page_id" in given:
        page = state.editable(state.get("page", identifier(given["page_id"], "body.parent.page_id")))
        return {"type": "page_id", "page_id": page["id"]}, PAGE_ONLY
    if "data_source_id" in given:
        source = state.get("data_source", identifier(given["data_source_id"], "body.parent.data_source_id"))
    elif "database_id" in given:
        database = state.get("database", identifier(given["database_id"], "body.parent.database_id"))
        source = state.get("data_source", database["data_sources"][0]["id"])
    elif given.get("type") == "workspace" or "workspace" in given:
        raise invalid("Internal integrations cannot create pages at the top of a workspace; give a page or a database.")
    else:
        raise misfit("body.parent.page_id", "defined", None)
    link = {"data_source_id": source["id"], "database_id": source["parent"]["database_id"]}
    return {"type": "data_source_id", **link}, source["properties"]


def _limited(page: Json, properties: Sequence[str]) -> Json:
    """With the named properties only, which are given by id or, leniently, by name."""
    if properties:
        kept = page["properties"].items()
        page["properties"] = {name: value for name, value in kept if value["id"] in properties or name in properties}
    return page


def _icon(value: Any) -> Json | None:
    if value is None:
        return None
    icon = mapping(value, "body.icon")
    if "emoji" in icon:
        return {"type": "emoji", "emoji": text(icon["emoji"], "body.icon.emoji")}
    return _external(icon, "body.icon")


def _cover(value: Any) -> Json | None:
    return None if value is None else _external(mapping(value, "body.cover"), "body.cover")


def _external(value: Json, path: str) -> Json:
    link = mapping(value.get("external"), f"{path}.external")
    return {"type": "external", "external": {"url": text(link.get("url"), f"{path}.external.url")}}


def _url(page: Json) -> str:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", title(page)).strip("-")
    return f"https://www.notion.so/{slug}-{page['id'].replace('-', '')}".replace("/-", "/")
