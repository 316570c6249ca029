"""Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`.

Types and codes as in https://platform.openai.com/docs/guides/error-codes and the `openai` package's exceptions.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """An answer other than 2xx. `headers` go out with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        # The client's own words may hold halves of surrogate pairs, which no answer can.
        message = message.encode("utf-8", "backslashreplace").decode()
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, self.headers)


def bad_request(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def model_not_found(model: str, known: list[str]) -> ApiError:
    names = ", ".join(known)
    return ApiError(
        404,
        f"The model `{model}` does not exist here. This server has: {names}.",
        param="model",
        code="model_not_found",
    )


def context_length_exceeded(limit: int, prompt: int, wanted: int) -> ApiError:
    """`wanted` is the number of tokens that the answer needs at least, as asked for."""
    return bad_request(
        f"This model's maximum context length is {limit} tokens. However, you requested {prompt + wanted} tokens "
        f"({prompt} in the messages and tools, {wanted} in the completion). Please shorten either.",
        param="messages",
        code="context_length_exceeded",
    )


def overloaded(retry_after: int) -> ApiError:
    """`retry_after` in whole seconds."""
    return ApiError(
        429,
        f"The server's queue is full. Try again in {retry_after} s.",
        type="rate_limit_error",
        code="queue_full",
        headers={"Retry-After": str(retry_after)},
    )


def unavailable(message: str, retry_after: int = 5) -> ApiError:
    return ApiError(
        503,
        message,
        type="server_error",
        code="engine_unavailable",
        headers={"Retry-After": str(retry_after)},
    )


def internal() -> ApiError:
    """What the client is told of a fault of ours: nothing that could hold private data. The log has the rest."""
    return ApiError(
        500,
        "The server failed on this request. Its log tells why, under this request's x-request-id.",
        type="server_error",
        code="internal_error",
    )
