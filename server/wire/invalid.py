"""Pydantic's findings about a body, as OpenAI would word them: one mistake, by the path of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.wire.errors import ApiError, bad_request


def invalid_body(errors: Sequence[Mapping[str, Any]], body: Any) -> ApiError:
    """`errors` as from `RequestValidationError.errors()`, about `body`."""
    if any(error["type"] == "json_invalid" for error in errors) or not isinstance(body, dict):
        return bad_request("The body must be one JSON object, sent with `content-type: application/json`.")
    # Of the branches of a union, the one that fits best fails deepest.
    error = max(errors, key=lambda item: len(_path(item, body)))
    param = _join(_path(error, body))
    message = str(error["msg"]).removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            return bad_request(f"Unrecognized request argument: `{param}`.", param, "unknown_parameter")
        case "missing":
            return bad_request(f"Missing required parameter: `{param}`.", param, "missing_required_parameter")
        case "union_tag_not_found":
            param += "." + str(error["ctx"]["discriminator"]).strip("'")
            return bad_request(f"Missing required parameter: `{param}`.", param, "missing_required_parameter")
        case "union_tag_invalid":
            param += "." + str(error["ctx"]["discriminator"]).strip("'")
            expected = error["ctx"]["expected_tags"]
            return bad_request(f"Invalid value for `{param}`: it must be one of {expected}.", param, "invalid_value")
        case _:
            return bad_request(f"Invalid value for `{param or 'body'}`: {message}.", param or None, "invalid_value")


def _path(error: Mapping[str, Any], body: Any) -> list[str | int]:
    """The part of pydantic's location that exists in the body, or should: it also names branches of unions."""
    path: list[str | int] = []
    value, branch = body, False
    _, *steps = error["loc"]
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        if isinstance(value, dict) and isinstance(step, str):
            # A branch is named once, by what tells it apart: {"type": "function", "function": {...}} has both.
            if path and not branch and not last and step in (value.get("type"), value.get("role")):
                branch = True
                continue
            if step not in value and not (last and error["type"] == "missing"):
                continue
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            continue
        branch = False
        path.append(step)
    return path


def _join(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step[:100]}" for step in path).removeprefix(".")
