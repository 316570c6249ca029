"""Errors of the monday.com API: a message, and a code among the extensions.

https://developer.monday.com/api-reference/docs/error-handling
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError


def failure(code: str, message: str, **data: Any) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code, "status_code": 200, "error_data": data})


def missing(kind: str, identifier: object) -> GraphQLError:
    """A board, item, group or update that is not there, or not for this account."""
    return failure(
        f"Invalid{kind.capitalize()}IdException",
        f"This {kind} ID doesn't exist: {identifier}",
        **{f"{kind}_id": str(identifier)},
    )


def misfit(column: dict[str, Any], value: Any, reason: str) -> GraphQLError:
    """A value that a column of this type cannot hold."""
    return failure(
        "ColumnValueException",
        reason,
        column_id=column["id"],
        column_name=column["title"],
        column_type=column["type"],
        column_value=value,
    )
