"""The HTTP application: routes, middleware and error answers around an engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters import Store
from server import __version__
from server.engine.base import Engine, EngineError
from server.middleware.api_key import ApiKeyMiddleware
from server.middleware.body_limit import BodyLimitMiddleware
from server.middleware.host import LocalHostMiddleware
from server.middleware.request_id import RequestIdMiddleware
from server.prompt import Prompts
from server.routes import adapters, chat, health, models, toolsets
from server.routes.disconnect import ClientGone
from server.services import Services
from server.settings import Settings
from server.wire.errors import ApiError
from server.wire.failures import as_api_error
from server.wire.invalid import invalid_body
from toolsets import Registry

log = logging.getLogger(__name__)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    engine: Engine,
    store: Store | None,
    settings: Settings,
    prompts: Prompts,
    registry: Registry,
    *,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """The application. It starts nothing: `lifespan` is for whoever owns the engine."""
    app = FastAPI(title="dualtune", version=__version__, lifespan=lifespan, redirect_slashes=False)
    app.state.services = Services.make(engine, store, settings, prompts, registry)
    for module in (chat, models, toolsets, adapters, health):
        app.include_router(module.router)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ApiError, _failed)
    app.add_exception_handler(EngineError, _failed)
    app.add_exception_handler(ClientGone, _gone)
    _add_middleware(app, settings)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last added is the outermost."""
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    if settings.api_key is not None:
        app.add_middleware(ApiKeyMiddleware, key=settings.api_key.get_secret_value())
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"]
        )
    if settings.is_loopback:
        app.add_middleware(LocalHostMiddleware)
    app.add_middleware(RequestIdMiddleware)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    return invalid_body(error.errors(), error.body).response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    message = f"{request.method} {request.url.path}: {error.detail}."
    return ApiError(error.status_code, message, headers=dict(error.headers or {})).response()


async def _failed(request: Request, error: Exception) -> Response:
    answer = as_api_error(error)
    if answer.status == 500:
        log.error("%s %s: %s", request.method, request.url.path, error)
    return answer.response()


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads this; the status is for the log, as nginx has it."""
    return Response(status_code=499)
