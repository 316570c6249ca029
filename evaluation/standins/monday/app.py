"""The monday.com stand-in over HTTP: one GraphQL endpoint, with authorisation and the rate limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from random import Random
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from graphql import GraphQLError, build_schema, graphql_sync

from evaluation.standins.monday.columns import Json
from evaluation.standins.monday.resolvers import Mutations, Queries
from evaluation.standins.monday.seed import seeded
from evaluation.standins.monday.state import MondayState
from evaluation.standins.standin import StandIn
from evaluation.workspaces import World

TOKEN = "monday_stand_in"  # noqa: S105 - the stand-in's only one, and no secret
_SCHEMA = build_schema(files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"))
_UNAUTHORIZED = {"message": "Not Authenticated", "extensions": {"code": "NOT_AUTHENTICATED", "status_code": 401}}
_LIMITED = {
    "message": "Rate limit exceeded. Please try again later.",
    "extensions": {"code": "RATE_LIMIT_EXCEEDED", "status_code": 429, "retry_in_seconds": 1},
}


class _Root:
    """Queries and mutations have no name in common, so that one root serves both."""

    def __init__(self, *resolvers: object) -> None:
        self._resolvers = resolvers

    def __getattr__(self, name: str) -> Any:
        for resolver in self._resolvers:
            if hasattr(resolver, name):
                return getattr(resolver, name)
        raise AttributeError(name)


class MondayStandIn(StandIn[MondayState]):
    """A monday.com account behind its GraphQL API."""

    toolset = "monday"

    def __init__(self, world: World, seed: int = 0, *, refuse_every: int = 0) -> None:
        super().__init__(world, seed, refuse_every=refuse_every)
        self.app.add_api_route("/v2", self._endpoint, methods=["POST"])

    def environ(self, url: str) -> Mapping[str, str]:
        return {"MONDAY_TOKEN": TOKEN, "MONDAY_API_ENDPOINT": f"{url}/v2"}

    def _seeded(self, world: World, random: Random) -> MondayState:
        return seeded(world, random)

    async def _endpoint(self, request: Request) -> JSONResponse:
        self._requests += 1
        if request.headers.get("authorization", "").removeprefix("Bearer ") != TOKEN:
            return JSONResponse({"errors": [_UNAUTHORIZED]}, 401)
        if self._is_refused:
            return JSONResponse({"errors": [_LIMITED]}, 429, {"Retry-After": "1"})
        try:
            body = json.loads(await request.body())
            query, variables = body["query"], body.get("variables")
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"errors": [{"message": "No query string was present"}]}, 400)
        if not isinstance(query, str) or not isinstance(variables, dict | None):
            return JSONResponse({"errors": [{"message": "query must be a string and variables an object"}]}, 400)
        return JSONResponse(self._executed(query, variables, body.get("operationName")))

    def _executed(self, query: str, variables: Json | None, operation: str | None) -> Json:
        before = self.state.snapshot() if "mutation" in query else None
        root = _Root(Queries(self.state), Mutations(self.state))
        result = graphql_sync(_SCHEMA, query, root, None, variables, operation)
        answer: Json = {"data": result.data}
        if result.errors:
            if before is not None:
                self.state.restore(before)  # a request that fails leaves nothing behind
            answer["errors"] = [_shown(error) for error in result.errors]
        return {**answer, "extensions": {"request_id": f"stand-in-{self._requests}"}}


def _shown(error: GraphQLError) -> dict[str, Any]:
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error  # a mistake of ours is not an answer of the API
    return dict(error.formatted)
