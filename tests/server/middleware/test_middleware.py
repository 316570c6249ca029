"""Who may ask, from where, and under which name."""

from __future__ import annotations

import hmac
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from server.engine.scripted import ScriptedEngine
from tests.server.web import CHAT, app_on, body, client_of

ENGINE = ScriptedEngine(lambda generation: "Hi.")
PAGE = "https://page.example"


async def asked(app: FastAPI, method: str, path: str, headers: Any = None, **more: Any) -> httpx.Response:
    async with client_of(app) as client:
        return await client.request(method, path, headers=headers, **more)


async def status(app: FastAPI, path: str = "/v1/models", **headers: str | bytes) -> int:
    return (await asked(app, "GET", path, headers)).status_code


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer sesame", 200),
        ("bearer sesame", 200),
        ("Bearer  sesame ", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer sesam", 401),
        ("Bearer sesame2", 401),
        ("Basic sesame", 401),
        ("sesame", 401),
        (b"Bearer \xff", 401),
    ],
)
async def test_with_a_key_only_its_bearers_get_in(header: str | bytes | None, expected: int) -> None:
    app = app_on(ENGINE, api_key="sesame")
    headers = {} if header is None else {"authorization": header}
    assert (await asked(app, "GET", "/v1/models", headers)).status_code == expected


async def test_a_key_may_hold_any_character() -> None:
    assert await status(app_on(ENGINE, api_key="schlüssel"), authorization="Bearer schlüssel".encode()) == 200


async def test_a_refused_key_is_answered_as_openai_does() -> None:
    answer = await asked(app_on(ENGINE, api_key="sesame"), "POST", CHAT, json=body())
    message = "Incorrect or missing API key. Send the server's key as `Authorization: Bearer <key>`."
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}},
    )
    assert "x-request-id" in answer.headers


async def test_the_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, key: bytes) -> bool:
        compared.append((given, key))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert await status(app_on(ENGINE, api_key="sesame"), authorization="Bearer sesame") == 401
    assert compared == [(b"sesame", b"sesame")]


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_probes_need_no_key(path: str) -> None:
    assert await status(app_on(ENGINE, api_key="sesame"), path) == 200


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/dualtune", "/v1/toolsets", "/v1/adapters", "/v1/nowhere"])
async def test_all_else_needs_the_key(path: str) -> None:
    assert await status(app_on(ENGINE, api_key="sesame"), path) == 401


async def test_pages_of_other_origins_are_not_let_in_unless_asked() -> None:
    preflight = {"origin": PAGE, "access-control-request-method": "POST"}
    closed = await asked(app_on(ENGINE), "OPTIONS", CHAT, preflight)
    plain = await asked(app_on(ENGINE), "GET", "/v1/models", {"origin": PAGE})
    assert (closed.status_code, plain.status_code) == (405, 200)
    assert not any(name.startswith("access-control-") for answer in (closed, plain) for name in answer.headers)


async def test_pages_of_origins_that_were_named_are_let_in_with_their_key() -> None:
    app = app_on(ENGINE, cors_origins=[PAGE], api_key="sesame")
    preflight = {"origin": PAGE, "access-control-request-method": "POST", "access-control-request-headers": "x-a"}
    opened = await asked(app, "OPTIONS", CHAT, preflight)
    refused = await asked(app, "GET", "/v1/models", {"origin": PAGE})
    other = await asked(app, "OPTIONS", CHAT, preflight | {"origin": "https://other.example"})
    assert [answer.status_code for answer in (opened, refused, other)] == [200, 401, 400]
    assert [answer.headers.get("access-control-allow-origin") for answer in (opened, refused, other)] == [
        PAGE,
        PAGE,
        None,
    ]


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1", "127.0.0.1:8000", "127.1.2.3", "[::1]:80"],
)
async def test_a_local_server_answers_to_the_names_of_its_machine(host: str) -> None:
    assert await status(app_on(ENGINE), host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "page.example",
        "page.example:8000",
        "127.page.example",
        "127.0.0.1.page.example",
        "localhost.page.example",
        "192.168.0.7",
        "[fe80::1]",
        "[::1",
        "",
    ],
)
async def test_a_local_server_does_not_answer_to_a_name_that_a_page_had_point_here(host: str) -> None:
    answer = await asked(app_on(ENGINE), "GET", "/health", {"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "invalid_host")


@pytest.mark.parametrize("address", ["localhost", "::1", "127.0.0.2"])
async def test_all_loopback_addresses_are_local(address: str) -> None:
    assert await status(app_on(ENGINE, host=address), host="page.example") == 403


@pytest.mark.parametrize("address", ["192.168.0.7", "0.0.0.0", "::", "server.example", ""])  # noqa: S104
async def test_a_server_for_others_answers_to_any_name(address: str) -> None:
    assert await status(app_on(ENGINE, host=address), host="page.example") == 200
