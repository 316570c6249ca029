"""Small checks on the parts of a request; each raises the API's own error."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from evaluation.standins.notion.errors import misfit

Json = dict[str, Any]

_MAX_TEXT = 2000
_MAX_LIST = 100
_MAX_PAGE = 100
_PLAIN = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default"}


def mapping(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise misfit(path, "an object" if value is not None else "defined", value)
    return value


def sequence(value: Any, path: str, most: int = _MAX_LIST) -> list[Any]:
    if not isinstance(value, list):
        raise misfit(path, "an array" if value is not None else "defined", value)
    if len(value) > most:
        raise misfit(f"{path}.length", f"≤ `{most}`", len(value))
    return value


def text(value: Any, path: str, most: int = _MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise misfit(path, "a string" if value is not None else "defined", value)
    if len(value) > most:
        raise misfit(f"{path}.length", f"≤ `{most}`", len(value))
    return value


def boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise misfit(path, "a boolean" if value is not None else "defined", value)
    return value


def identifier(value: Any, path: str) -> str:
    """A UUID, with or without hyphens, in the form the API answers with."""
    try:
        return str(UUID(text(value, path)))
    except ValueError:
        raise misfit(path, "a valid uuid", value) from None


def page_size(value: Any) -> int:
    """From a query string or a body."""
    if value is None:
        return _MAX_PAGE
    try:
        size = int(value)
    except (TypeError, ValueError):
        raise misfit("body.page_size", "a number", value) from None
    if not 1 <= size <= _MAX_PAGE:
        raise misfit("body.page_size", f"≤ `{_MAX_PAGE}`" if size > _MAX_PAGE else "≥ `1`", size)
    return size


def rich_text(value: Any, path: str) -> list[Json]:
    """The answer's form of rich text: annotations, plain text and link filled in."""
    return [_run(part, f"{path}[{number}]") for number, part in enumerate(sequence(value, path))]


def plain(runs: list[Json]) -> str:
    return "".join(run["plain_text"] for run in runs)


def _run(value: Any, path: str) -> Json:
    run = mapping(value, path)
    if run.get("type", "text") != "text":
        raise misfit(f"{path}.type", '`"text"`', run["type"])
    body = mapping(run.get("text"), f"{path}.text")
    content = text(body.get("content"), f"{path}.text.content")
    link = body.get("link")
    href = text(mapping(link, f"{path}.text.link").get("url"), f"{path}.text.link.url") if link is not None else None
    annotations = mapping(run.get("annotations", {}), f"{path}.annotations")
    unknown = set(annotations) - set(_PLAIN)
    if unknown:
        raise misfit(f"{path}.annotations.{min(unknown)}", "not present", annotations[min(unknown)])
    return {
        "type": "text",
        "text": {"content": content, "link": {"url": href} if href else None},
        "annotations": {**_PLAIN, **annotations},
        "plain_text": content,
        "href": href,
    }


def runs(content: str) -> list[Json]:
    """Rich text of a plain string; what is longer than one run may be is spread over several."""
    pieces = re.findall(rf"(?s).{{1,{_MAX_TEXT}}}", content)
    return rich_text([{"text": {"content": piece}} for piece in pieces], "text")
