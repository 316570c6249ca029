"""Requests made from the server's own OpenAPI document, sensible and not: none is answered with a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from server.constraints import Choice, JsonSchema, ToolCall
from server.constraints.repair import smallest
from server.engine.scripted import Generation, ScriptedEngine
from server.profiles import PROFILES
from tests.server.toy import ADAPTERS, ToyStore
from tests.server.web import app_on


def obey(generation: Generation) -> str:
    """What a model would write under the constraint, in the fewest characters."""
    match generation.constraint:
        case Choice(options):
            return options[0]
        case JsonSchema(schema):
            return smallest(schema) or "{}"
        case ToolCall(tools):
            name, schema = next(iter(tools.items()))
            return json.dumps({"name": name, "arguments": json.loads(smallest(schema) or "{}")}, separators=(",", ":"))
        case None:
            return "Text."


@pytest.fixture(scope="module")
def document() -> Any:
    # For others than this machine: the client in process has a name of its own for the server.
    app = app_on(ScriptedEngine(obey), ToyStore(*ADAPTERS, loaded=ADAPTERS), host="server.example")
    return schemathesis.openapi.from_asgi("/openapi.json", app)


WITHOUT_INPUT = ["GET /health", "GET /metrics", "GET /ready", "GET /v1/adapters", "GET /v1/models", "GET /v1/toolsets"]
WITH_INPUT = [
    "GET /v1/models/{id}",
    "POST /v1/adapters/load",
    "POST /v1/adapters/unload",
    "POST /v1/chat/completions",
]
REFUSED = ("functions", "function_call", "audio", "web_search_options", "moderation")


def test_every_operation_is_tried(document: Any) -> None:
    labels = {operation.ok().label for operation in document.get_all_operations()}
    assert labels == {*WITHOUT_INPUT, *WITH_INPUT}


@pytest.mark.parametrize("label", [*WITHOUT_INPUT, *WITH_INPUT])
def test_no_request_that_follows_the_document_finds_a_fault_of_ours(document: Any, label: str) -> None:
    operation = document.find_operation_by_label(label)
    answered = set()

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), st.sampled_from(sorted(PROFILES)))
    def check(case: Any, model: str) -> None:
        if label == "POST /v1/chat/completions":
            # By chance alone no word would ever be the id of a model, and few requests would lack what is refused.
            kept = {name: value for name, value in case.body.items() if name not in REFUSED}
            case.body = kept | {"model": model}
        answer = case.call()
        answered.add(answer.status_code)
        assert answer.status_code < 500, answer.text

    check()
    assert label in WITH_INPUT[:-1] or 200 in answered


@pytest.mark.parametrize("label", WITH_INPUT[1:])
def test_no_request_that_breaks_the_document_finds_a_fault_of_ours(document: Any, label: str) -> None:
    operation = document.find_operation_by_label(label)

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def check(case: Any) -> None:
        answer = case.call()
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}

    check()
