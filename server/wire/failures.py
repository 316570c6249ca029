"""Failures of the layers below, as the client sees them."""

from __future__ import annotations

from server.decode.checked_text import UnsatisfiableSchema
from server.engine.base import AdapterRejected, EngineUnavailable
from server.wire.errors import ApiError, bad_request, internal, unavailable


def as_api_error(error: Exception) -> ApiError:
    """The answer for `error`; what is not known here is a fault of ours, and its text stays in the log."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, EngineUnavailable):
        return unavailable(str(error))
    if isinstance(error, UnsatisfiableSchema):
        return bad_request(str(error), code="unsatisfiable_schema")
    if isinstance(error, AdapterRejected):
        return unavailable(f"{error} It is being exchanged: try again.", retry_after=1)
    return internal()
