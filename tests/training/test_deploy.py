"""Adapters to a running server."""

from __future__ import annotations

import json

import httpx
import pytest
import respx

from training.deploy import hot_load
from training.errors import TrainingError

SERVER = "http://127.0.0.1:8000"


@respx.mock
@pytest.mark.parametrize("server", [SERVER, f"{SERVER}/", f"{SERVER}/v1"])
def test_each_adapter_is_loaded_by_its_name_with_the_key(server: str) -> None:
    route = respx.post(f"{SERVER}/v1/adapters/load").respond(json={})
    hot_load(["files/selector", "router"], server, "secret")
    assert [json.loads(call.request.content) for call in route.calls] == [
        {"name": "files/selector"},
        {"name": "router"},
    ]
    assert {call.request.headers["authorization"] for call in route.calls} == {"Bearer secret"}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(400, json={"error": {"message": "the rank is 64"}}), "did not load router: the rank is 64"),
        (httpx.Response(502, text="no"), "did not load router: status 502"),
        (httpx.ConnectError("refused"), "cannot be reached: refused"),
    ],
)
def test_a_server_that_refuses_or_is_not_there_is_told(answer: httpx.Response | Exception, reason: str) -> None:
    respx.post(f"{SERVER}/v1/adapters/load").mock(side_effect=[answer])
    with pytest.raises(TrainingError, match=f"--server {SERVER}: it {reason}"):
        hot_load(["router"], SERVER, None)
