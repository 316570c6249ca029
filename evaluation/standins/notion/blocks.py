"""Blocks: the content of pages, as requests give it and as the API answers with it."""

from __future__ import annotations

from typing import Any

from evaluation.standins.notion.checks import Json, boolean, mapping, rich_text, sequence, text
from evaluation.standins.notion.errors import invalid, misfit, not_found
from evaluation.standins.notion.state import NotionState, title

_PARENTS = frozenset(
    ("paragraph", "bulleted_list_item", "numbered_list_item", "quote", "to_do", "toggle", "callout")  # may hold blocks
)
_TEXTUAL = _PARENTS | {"heading_1", "heading_2", "heading_3", "code"}
_KINDS = _TEXTUAL | {"divider", "bookmark"}
_DEPTH = 2  # levels of children that one request may carry


def append(state: NotionState, container: Json, given: Any, path: str, after: str | None = None) -> list[Json]:
    """Put new blocks below a page or block, at the end or after one of its children; all of them or none."""
    plan = [_parsed(child, f"{path}[{number}]") for number, child in enumerate(sequence(given, path))]
    below = state.children.setdefault(container["id"], [])
    if after is not None and after not in below:
        raise not_found("block", after)
    made = [_made(state, container, *entry) for entry in plan]
    at = len(below) if after is None else below.index(after) + 1
    below[at:at] = [block["id"] for block in made]
    if container["object"] == "block" and made:
        container["has_children"] = True
    return made


def shown(state: NotionState, identifier: str) -> Json:
    """A child as a block: pages and databases appear as blocks that name them."""
    item = state.objects[identifier]
    if item["object"] == "block":
        return item
    kind = f"child_{item['object']}"
    heading = title(item) if item["object"] == "page" else "".join(run["plain_text"] for run in item["title"])
    kept = ("id", "parent", "created_time", "last_edited_time", "created_by", "last_edited_by", "archived", "in_trash")
    return {
        "object": "block",
        **{name: item[name] for name in kept},
        "has_children": bool(state.children.get(identifier)),
        "type": kind,
        kind: {"title": heading},
    }


Plan = tuple[str, Json, list[Any]]


def _parsed(given: Any, path: str, depth: int = 0) -> Plan:
    block = mapping(given, path)
    kind = block.get("type") or next((name for name in block if name in _KINDS), None)
    if kind is None:
        raise misfit(f"{path}.paragraph", "defined", None)
    if kind not in _KINDS:
        raise invalid(f"{path} has the block type {kind!r}, which cannot be created through the API.")
    inside = f"{path}.{kind}"
    body = mapping(block.get(kind), inside)
    children = body.get("children", block.get("children"))
    if children and kind not in _PARENTS:
        raise misfit(f"{inside}.children", "not present", children)
    if children and depth == _DEPTH:
        raise misfit(f"{inside}.children", "not present", children)
    nested = [
        _parsed(child, f"{inside}.children[{number}]", depth + 1)
        for number, child in enumerate(sequence(children or [], f"{inside}.children"))
    ]
    return kind, _content(kind, body, inside), nested


def _content(kind: str, body: Json, path: str) -> Json:
    if kind == "divider":
        return {}
    if kind == "bookmark":
        return {
            "url": text(body.get("url"), f"{path}.url"),
            "caption": rich_text(body.get("caption", []), f"{path}.caption"),
        }
    content: Json = {"rich_text": rich_text(body.get("rich_text"), f"{path}.rich_text")}
    if kind == "code":
        return {**content, "caption": [], "language": text(body.get("language", "plain text"), f"{path}.language")}
    content["color"] = text(body.get("color", "default"), f"{path}.color")
    if kind == "to_do":
        content["checked"] = boolean(body.get("checked", False), f"{path}.checked")
    if kind == "callout":
        content["icon"] = body.get("icon")
    if kind.startswith("heading"):
        content["is_toggleable"] = boolean(body.get("is_toggleable", False), f"{path}.is_toggleable")
    return content


def _made(state: NotionState, container: Json, kind: str, content: Json, nested: list[Any]) -> Json:
    link = f"{container['object']}_id"
    block = state.add(
        {
            "object": "block",
            "parent": {"type": link, link: container["id"]},
            "has_children": bool(nested),
            "archived": False,
            "in_trash": False,
            "type": kind,
            kind: content,
        }
    )
    for entry in nested:
        state.children.setdefault(block["id"], []).append(_made(state, block, *entry)["id"])
    return block
