"""Errors of the Notion API, in its own words as far as clients have come to know them.

Codes and statuses: https://developers.notion.com/reference/status-codes
"""

from __future__ import annotations

import json
from typing import Any


class NotionError(Exception):
    """Answered as `{"object": "error", "status", "code", "message", "request_id"}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> NotionError:
    return NotionError(400, "validation_error", message)


def misfit(path: str, expected: str, value: Any) -> NotionError:
    """A part of the request that is not what it should be; `path` starts with `body` or `path`."""
    where = path.split(".")[0].split("[")[0]
    shown = "undefined" if value is None else json.dumps(value, ensure_ascii=False)
    return invalid(f"{where} failed validation: {path} should be {expected}, instead was `{shown}`.")


def not_found(kind: str, identifier: str) -> NotionError:
    return NotionError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identifier}. Make sure the relevant pages and databases are shared with "
        "your integration.",
    )


UNAUTHORIZED = (401, "unauthorized", "API token is invalid.")
RATE_LIMITED = (429, "rate_limited", "You have been rate limited. Please try again in a few minutes.")
INVALID_URL = (400, "invalid_request_url", "Invalid request URL.")
INVALID_JSON = (400, "invalid_json", "Error parsing JSON body.")
ARCHIVED = "Can't edit block that is archived. You must unarchive the block before editing."
