"""The application as its clients see it: answers, errors, and what stands in the way of strangers."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from server.app import create_app
from server.engine.base import AdapterRejected, EngineError, EngineUnavailable
from server.engine.scripted import ScriptedEngine
from server.logs import configure_logging
from server.settings import Settings
from tests.server.toy import READ, READ_ALL, REGISTRY, engine, prompts
from tests.server.web import CHAT, HELLO, app_on, body, client_of, wire


def failure(message: str, *, type: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


async def asked(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:
    async with client_of(app) as client:
        return await client.request(method, path, **request)


async def test_a_call_comes_whole() -> None:
    scripted = engine(select="read", arguments='{"path":"a"}')
    answer = await asked(app_on(scripted), "POST", CHAT, json=body(tools=[wire(READ), wire(READ_ALL)]))
    whole = answer.json()
    (choice,) = whole["choices"]
    (call,) = choice["message"].pop("tool_calls")
    assert (call["type"], call["function"]) == ("function", {"name": "read", "arguments": '{"path":"a"}'})
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": None, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": "tool_calls",
    }
    prompts = [len(seen.prompt) for seen in scripted.generations]
    assert whole["usage"] == {
        "prompt_tokens": max(prompts),
        "completion_tokens": 12,
        "total_tokens": max(prompts) + 12,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert [stage["stage"] for stage in whole["dualtune"]["stages"]] == ["select", "arguments"]


async def test_every_answer_has_an_id_of_its_own() -> None:
    app = app_on(ScriptedEngine(lambda generation: "Hi."))
    ids = {(await asked(app, "POST", CHAT, json=body())).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(id.startswith("chatcmpl-") for id in ids)


NOT_JSON = failure("The body must be one JSON object, sent with `content-type: application/json`.")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"", "application/json"),
        # What a web page of a stranger can send without being asked whether it may.
        (json.dumps(body()).encode(), "text/plain"),
        (json.dumps(body()).encode(), None),
        (b"model=dualtune", "application/x-www-form-urlencoded"),
    ],
)
async def test_what_is_no_json_object_is_refused(content: bytes, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await asked(app_on(), "POST", CHAT, content=content, headers=headers)
    assert (answer.status_code, answer.json()) == (400, NOT_JSON)


@pytest.mark.parametrize("content", [b'{"model": "\xff"}', b"[" * 100_000, b'{"model":' + b"9" * 5000 + b"}"])
async def test_json_that_cannot_be_read_is_refused(content: bytes) -> None:
    answer = await asked(app_on(), "POST", CHAT, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (
        400,
        failure("POST /v1/chat/completions: There was an error parsing the body."),
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("GET", "/v1/models/", 404, "Not Found"),
        ("POST", "/v1/completions", 404, "Not Found"),
        ("GET", CHAT, 405, "Method Not Allowed"),
        ("DELETE", "/v1/models/dualtune", 405, "Method Not Allowed"),
    ],
)
async def test_unknown_routes_and_methods_are_answered_in_the_same_shape(
    method: str, path: str, status: int, reason: str
) -> None:
    answer = await asked(app_on(), method, path)
    assert (answer.status_code, answer.json()) == (status, failure(f"{method} {path}: {reason}."))


async def test_context_overflow_is_refused_before_anything_is_sent() -> None:
    scripted = ScriptedEngine([], max_tokens=100)
    answer = await asked(app_on(scripted), "POST", CHAT, json=body(stream=True, max_tokens=90))
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, "messages", "context_length_exceeded")
    assert error["message"].startswith("This model's maximum context length is 100 tokens.")
    assert scripted.generations == []


async def test_a_fault_of_the_server_tells_no_details(caplog: pytest.LogCaptureFixture) -> None:
    def broken(generation: object) -> str:
        raise RuntimeError("secret of the house")

    answer = await asked(app_on(ScriptedEngine(broken)), "POST", CHAT, json=body())
    message = "The server failed on this request. Its log tells why, under this request's x-request-id."
    assert (answer.status_code, answer.json()) == (500, failure(message, type="server_error", code="internal_error"))
    assert "secret of the house" in caplog.text


async def test_an_engine_error_that_no_client_can_mend_tells_no_details(caplog: pytest.LogCaptureFixture) -> None:
    def broken(generation: object) -> str:
        raise EngineError("secret of the house")

    answer = await asked(app_on(ScriptedEngine(broken)), "POST", CHAT, json=body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "secret of the house" in caplog.text


DEAD = failure("The engine died.", type="server_error", code="engine_unavailable")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_is_known_to_be_dead_is_answered_503(stream: bool) -> None:
    scripted = ScriptedEngine([])
    scripted.failure = EngineUnavailable("The engine died.")
    answer = await asked(app_on(scripted), "POST", CHAT, json=body(stream=stream))
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (503, "5", DEAD)


async def test_an_engine_that_dies_of_the_request_is_answered_503() -> None:
    answer = await asked(app_on(ScriptedEngine([EngineUnavailable("The engine died.")])), "POST", CHAT, json=body())
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (503, "5", DEAD)


async def test_an_adapter_that_is_being_exchanged_is_a_matter_of_a_second() -> None:
    rejected = AdapterRejected("Adapter files/selector is not loaded.")
    answer = await asked(app_on(ScriptedEngine([rejected])), "POST", CHAT, json=body())
    message = "Adapter files/selector is not loaded. It is being exchanged: try again."
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == failure(message, type="server_error", code="engine_unavailable")


async def test_a_conversation_that_the_models_template_refuses_is_the_clients_mistake() -> None:
    app = create_app(ScriptedEngine([]), None, Settings(), prompts("brackets"), REGISTRY)
    answer = await asked(app, "POST", CHAT, json=body(messages=HELLO * 2))
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "messages")
    assert "Roles must alternate" in error["message"]


async def test_a_schema_that_nothing_satisfies_is_the_clients_mistake() -> None:
    nothing = {"type": "object", "required": ["a"], "properties": {"a": False}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": nothing}}
    answer = await asked(
        app_on(ScriptedEngine(lambda generation: "{}")), "POST", CHAT, json=body(response_format=wanted)
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unsatisfiable_schema")


async def in_pieces(*pieces: bytes) -> AsyncGenerator[bytes, None]:
    """A body that does not say how long it is."""
    for piece in pieces:
        yield piece


async def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() -> None:
    app = app_on(ScriptedEngine(lambda generation: "Hi."), max_body_bytes=2000)
    small, large = (json.dumps(body(user="x" * size)).encode() for size in (1800, 2000))
    too_large = failure("The request body is larger than 2000 bytes.", code="request_too_large")
    headers = {"content-type": "application/json"}
    answers = [
        await asked(app, "POST", CHAT, content=small, headers=headers),
        await asked(app, "POST", CHAT, content=large, headers=headers),
        await asked(app, "POST", CHAT, content=in_pieces(small[:1000], small[1000:]), headers=headers),
        await asked(app, "POST", CHAT, content=in_pieces(large[:1000], large[1000:]), headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 413, 200, 413]
    assert [answer.json() for answer in answers[1::2]] == [too_large, too_large]


async def test_a_body_that_says_that_it_is_too_large_is_not_read() -> None:
    async def receive() -> Any:
        raise AssertionError("read")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"2001"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": CHAT, "query_string": b"", "headers": headers}
    await app_on(max_body_bytes=2000)(scope, receive, send)
    assert sent[0]["status"] == 413


async def test_a_request_that_takes_long_to_read_does_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, may_go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(*arguments: Any) -> None:
        loop.call_soon_threadsafe(reading.set)
        assert may_go_on.wait(20)

    monkeypatch.setattr("server.routes.chat.check_fits", slow)
    app = app_on(ScriptedEngine(["Hi."]))
    asking = asyncio.create_task(asked(app, "POST", CHAT, json=body()))
    async with asyncio.timeout(20):
        await reading.wait()
        assert (await asked(app, "GET", "/health")).status_code == 200
        may_go_on.set()
        assert (await asking).status_code == 200


@pytest.mark.usefixtures("own_log")
async def test_a_request_id_is_on_the_answer_and_on_every_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    scripted = ScriptedEngine([EngineError("odd")])
    given = await asked(app_on(scripted), "POST", CHAT, json=body(), headers={"x-request-id": "mine-1"})
    made = await asked(app_on(), "GET", "/v1/models")
    hostile = await asked(app_on(), "GET", "/nowhere", headers={"x-request-id": "a b\tc"})
    ids = [answer.headers["x-request-id"] for answer in (given, made, hostile)]
    assert ids[0] == "mine-1"
    assert all(id.startswith("req_") for id in ids[1:])
    lines = [re.sub(r"^\S+ \S+ |[0-9.]+ s$", "", line) for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "ERROR   [mine-1] server.app: POST /v1/chat/completions: odd",
        "INFO    [mine-1] server.middleware.request_id: POST /v1/chat/completions 500 ",
        f"INFO    [{ids[1]}] server.middleware.request_id: GET /v1/models 200 ",
        f"INFO    [{ids[2]}] server.middleware.request_id: GET /nowhere 404 ",
    ]
