"""The Notion stand-in over HTTP: authorisation, JSON, errors and the rate limit around the handlers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import JSONResponse

from evaluation.standins.notion import errors, handlers
from evaluation.standins.notion.checks import Json
from evaluation.standins.notion.errors import NotionError
from evaluation.standins.notion.handlers import Call
from evaluation.standins.notion.seed import seeded
from evaluation.standins.notion.state import NotionState
from evaluation.standins.standin import StandIn
from evaluation.workspaces import World

TOKEN = "ntn_stand_in"  # noqa: S105 - the stand-in's only one, and no secret
Handler = Callable[[Call], Json]

_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/search", handlers.search),
    ("GET", "/v1/pages/{page_id}", handlers.retrieve_page),
    ("POST", "/v1/pages", handlers.create_page),
    ("PATCH", "/v1/pages/{page_id}", handlers.update_page),
    ("GET", "/v1/blocks/{block_id}/children", handlers.block_children),
    ("PATCH", "/v1/blocks/{block_id}/children", handlers.append_children),
    ("GET", "/v1/data_sources/{data_source_id}", handlers.retrieve_data_source),
    ("POST", "/v1/data_sources/{data_source_id}/query", handlers.query_data_source),
    ("POST", "/v1/comments", handlers.create_comment),
)
_READING = frozenset(
    (
        handlers.search,
        handlers.retrieve_page,
        handlers.block_children,
        handlers.retrieve_data_source,
        handlers.query_data_source,
    )
)


class NotionStandIn(StandIn[NotionState]):
    """A Notion workspace behind its REST API."""

    toolset = "notion"

    def __init__(self, world: World, seed: int = 0, *, refuse_every: int = 0) -> None:
        super().__init__(world, seed, refuse_every=refuse_every)
        for verb, path, handler in _ROUTES:
            self.app.add_api_route(path, self._endpoint(handler), methods=[verb])
        self.app.add_api_route("/{rest:path}", self._nowhere, methods=["GET", "POST", "PATCH", "DELETE", "PUT"])

    def environ(self, url: str) -> Mapping[str, str]:
        return {"NOTION_TOKEN": TOKEN, "NOTION_BASE_URL": url}

    def _seeded(self, world: World, random: Random) -> NotionState:
        return seeded(world, random)

    def _endpoint(self, handler: Handler) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> JSONResponse:
            self._requests += 1
            try:
                return JSONResponse(
                    {**self._answer(handler, request, await request.body()), "request_id": self._number()}
                )
            except NotionError as error:
                return self._refusal(error)

        return endpoint

    def _answer(self, handler: Handler, request: Request, body: bytes) -> Json:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise NotionError(*errors.UNAUTHORIZED)
        if self._is_refused:
            raise NotionError(*errors.RATE_LIMITED)
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            raise NotionError(*errors.INVALID_JSON) from None
        if not isinstance(given, dict):
            raise errors.misfit("body", "an object", given)
        call = Call(self.state, request.path_params, parse_qs(request.url.query), given)
        if handler in _READING:
            return handler(call)
        before = self.state.snapshot()
        try:
            return handler(call)
        except NotionError:
            self.state.restore(before)  # a request that fails leaves nothing behind
            raise

    async def _nowhere(self, request: Request) -> JSONResponse:
        return self._refusal(NotionError(*errors.INVALID_URL))

    def _refusal(self, error: NotionError) -> JSONResponse:
        body = {"object": "error", "status": error.status, "code": error.code, "message": error.message}
        headers = {"Retry-After": "1"} if error.status == 429 else None
        return JSONResponse({**body, "request_id": self._number()}, error.status, headers)

    def _number(self) -> str:
        """Of the request, for its logs; not one of the workspace's identifiers."""
        return f"00000000-0000-4000-8000-{self._requests:012d}"
