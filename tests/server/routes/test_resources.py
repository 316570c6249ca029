"""Models, toolsets, adapters, probes and metrics."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from adapters import Adapter, AdapterError, Role
from adapters.store import Problem
from server.engine.base import AdapterRejected, EngineUnavailable, ModelInfo
from server.engine.scripted import ScriptedEngine
from tests.server.toy import ADAPTERS, FILES, MAIL, ToyStore, adapter, engine, prompts
from tests.server.web import CHAT, app_on, body, client_of, wire

SELECTOR = ADAPTERS[0]
NAME = SELECTOR.name


async def asked(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:
    async with client_of(app) as client:
        return await client.request(method, path, **request)


async def got(app: FastAPI, path: str) -> Any:
    answer = await asked(app, "GET", path)
    assert answer.status_code == 200
    return answer.json()


class Loading(ScriptedEngine):
    """An engine that is not up yet."""

    def __init__(self) -> None:
        super().__init__([])
        self.failure = EngineUnavailable("The engine is loading the model.")

    @property
    def model(self) -> ModelInfo:
        raise EngineUnavailable("The engine is loading the model.")


async def test_the_models_are_the_profiles() -> None:
    app = app_on()
    listed = await got(app, "/v1/models")
    assert [model["id"] for model in listed["data"]] == [
        "dualtune",
        "dualtune-traditional",
        "dualtune-base",
        "dualtune-flat",
    ]
    created = listed["data"][0]["created"]
    assert listed["object"] == "list"
    assert isinstance(created, int)
    for model in listed["data"]:
        assert model == {
            "id": model["id"],
            "object": "model",
            "created": created,
            "owned_by": "dualtune",
            "base_model": "scripted",
            "max_model_len": 8192,
            "description": model["description"],
        }
        assert await got(app, f"/v1/models/{model['id']}") == model


async def test_an_unknown_model_is_not_found() -> None:
    answer = await asked(app_on(), "GET", "/v1/models/gpt-9")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_the_toolsets_tell_their_tools_and_adapters() -> None:
    def tools(toolset: Any, **adapters: str) -> list[dict[str, Any]]:
        return [
            {
                "name": tool.name,
                "description": tool.description,
                "digest": tool.digest,
                "adapter": adapters.get(tool.name),
            }
            for tool in toolset.tools
        ]

    def row(toolset: Any, selector: str | None, **adapters: str) -> dict[str, Any]:
        return {
            "id": toolset.name,
            "object": "toolset",
            "description": toolset.description,
            "digest": toolset.digest,
            "selector": selector,
            "summary": None,
            "tools": tools(toolset, **adapters),
        }

    expected = {"object": "list", "problems": []}
    assert await got(app_on(store=ToyStore(loaded=ADAPTERS)), "/v1/toolsets") == expected | {
        "data": [row(FILES, NAME, read="files/arguments/read"), row(MAIL, None)]
    }
    assert await got(app_on(), "/v1/toolsets") == expected | {"data": [row(FILES, None), row(MAIL, None)]}


@pytest.mark.parametrize("path", ["/v1/models", "/ready"])
async def test_while_the_engine_is_loading_the_server_lives_but_is_not_ready(path: str) -> None:
    app = app_on(Loading())
    message = "The engine is loading the model."
    answer = await asked(app, "GET", path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {
        "error": {"message": message, "type": "server_error", "param": None, "code": "engine_unavailable"}
    }
    assert (await asked(app, "POST", CHAT, json=body())).status_code == 503
    assert await got(app, "/health") == {"status": "ok"}


async def test_readiness_follows_the_engine() -> None:
    scripted = ScriptedEngine([])
    app = app_on(scripted)
    states = []
    for failure in (None, EngineUnavailable("The engine died."), None):
        scripted.failure = failure
        states.append((await asked(app, "GET", "/ready")).status_code)
    assert states == [200, 503, 200]


async def samples(app: FastAPI) -> dict[str, float]:
    text = (await asked(app, "GET", "/metrics")).text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("dualtune_")]
    return {name: float(value) for name, value in lines}


async def test_the_metrics_count_requests_stages_tokens_and_the_queue() -> None:
    scripted = engine(route="files", select="summarize", answer="Hi.")
    app = app_on(scripted, ToyStore(loaded=ADAPTERS))
    tools = [wire(tool) for tool in (*FILES.tools, *MAIL.tools)]
    await asked(app, "POST", CHAT, json=body(tools=tools))
    await asked(app, "POST", CHAT, json=body(tools=tools, stream=True))
    await asked(app, "POST", CHAT, json=body(max_tokens=9000))
    scripted.failure = EngineUnavailable("died")
    await asked(app, "POST", CHAT, json=body())
    found = await samples(app)
    prompts_of = [len(seen.prompt) for seen in scripted.generations]
    expected = {
        'dualtune_requests_total{profile="dualtune",status="200"}': 2,
        'dualtune_requests_total{profile="dualtune",status="400"}': 1,
        'dualtune_requests_total{profile="dualtune",status="503"}': 1,
        'dualtune_stage_seconds_count{adapted="false",stage="route"}': 2,
        'dualtune_stage_seconds_count{adapted="true",stage="select"}': 2,
        'dualtune_stage_seconds_count{adapted="false",stage="answer"}': 2,
        'dualtune_stage_confidence_count{adapted="true",stage="select"}': 2,
        'dualtune_stage_confidence_sum{adapted="true",stage="select"}': 1,
        'dualtune_tokens_total{kind="prompt",stage="route"}': prompts_of[0] + prompts_of[3],
        'dualtune_tokens_total{kind="cached",stage="route"}': 0,
        'dualtune_tokens_total{kind="completion",stage="answer"}': 6,
        "dualtune_requests_decoding": 0,
        "dualtune_requests_queued": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not any("stage_confidence" in name and "answer" in name for name in found)


async def test_a_choice_that_was_none_is_not_counted_as_a_stage() -> None:
    app = app_on(engine(arguments='{"path":"a"}'))
    named = {"type": "function", "function": {"name": "read"}}
    await asked(app, "POST", CHAT, json=body(tools=[wire(tool) for tool in FILES.tools], tool_choice=named))
    counts = {name: value for name, value in (await samples(app)).items() if "stage_seconds_count" in name}
    assert counts == {'dualtune_stage_seconds_count{adapted="false",stage="arguments"}': 1}


class Folder(ToyStore):
    """Of what is on disk, `broken` does not pass the check."""

    broken = frozenset[str]()

    def check(self, name: str) -> Adapter:
        if name in self.broken:
            raise AdapterError("the rank is too high", "adapter_config.json: r")
        for item in self.on_disk:
            if item.name == name:
                return item
        raise AdapterError(f"there is no adapter {name!r}", "name")

    def discover(self) -> None:
        self._available = {item.name: item for item in self.on_disk if item.name not in self.broken}
        self.problems = tuple(Problem(self._root / name, "the rank is too high") for name in self.broken)


def row(item: Adapter, *, loaded: bool) -> dict[str, Any]:
    return {
        "id": item.name,
        "object": "adapter",
        "loaded": loaded,
        "kind": "lora",
        "rank": 8,
        "version": "1",
        "manifest": item.manifest.model_dump(mode="json"),
    }


async def test_adapters_are_loaded_and_unloaded_at_run_time() -> None:
    scripted, store = ScriptedEngine([]), Folder(*ADAPTERS[:2])
    app = app_on(scripted, store)
    answers = [
        await asked(app, "POST", f"/v1/adapters/{verb}", json={"name": NAME}) for verb in ("load", "load", "unload")
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, row(SELECTOR, loaded=True)),
        (200, row(SELECTOR, loaded=True)),
        (200, {"id": NAME, "object": "adapter", "loaded": False}),
    ]
    assert (dict(store.loaded), scripted.adapters) == ({}, {})
    await asked(app, "POST", "/v1/adapters/load", json={"name": NAME})
    assert (dict(store.loaded), scripted.adapters) == ({NAME: SELECTOR}, {NAME: SELECTOR})
    assert await got(app, "/v1/adapters") == {
        "object": "list",
        "data": [row(SELECTOR, loaded=True), row(ADAPTERS[1], loaded=False)],
        "problems": [],
    }


async def test_a_broken_adapter_is_refused_and_never_reaches_the_engine() -> None:
    scripted, store = ScriptedEngine([]), Folder(SELECTOR)
    store.broken = frozenset({NAME})
    app = app_on(scripted, store)
    answer = await asked(app, "POST", "/v1/adapters/load", json={"name": NAME})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "message": "the rank is too high",
            "type": "invalid_request_error",
            "param": "adapter_config.json: r",
            "code": "invalid_adapter",
        },
    )
    assert (dict(store.loaded), scripted.adapters) == ({}, {})
    problem = {"folder": "selector", "message": "the rank is too high"}
    assert (await got(app, "/v1/adapters")) == {"object": "list", "data": [], "problems": [problem]}


async def test_an_adapter_that_would_never_be_invoked_is_refused() -> None:
    foreign = adapter(Role.SELECTOR, "files", invocation_tokens=(1, 2))
    fitting = adapter(Role.TRADITIONAL, "files", invocation_tokens=prompts().invocation_ids)
    scripted = ScriptedEngine([])
    app = app_on(scripted, Folder(foreign, fitting))
    refused = await asked(app, "POST", "/v1/adapters/load", json={"name": foreign.name})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_adapter")
    assert (await asked(app, "POST", "/v1/adapters/load", json={"name": fitting.name})).status_code == 200
    assert scripted.adapters == {fitting.name: fitting}


async def test_an_adapter_that_the_engine_refuses_is_not_loaded() -> None:
    class Picky(ScriptedEngine):
        async def load_adapter(self, adapter: Adapter) -> None:
            raise AdapterRejected("The engine refused it.")

    store = Folder(SELECTOR)
    answer = await asked(app_on(Picky([]), store), "POST", "/v1/adapters/load", json={"name": NAME})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "The engine refused it.")
    assert dict(store.loaded) == {}


@pytest.mark.parametrize(
    ("verb", "content", "status", "code"),
    [
        ("load", {"name": "../../etc"}, 400, "invalid_adapter"),
        ("unload", {"name": NAME}, 400, "adapter_not_loaded"),
        ("load", {}, 400, "missing_required_parameter"),
        ("load", {"name": ""}, 400, "invalid_value"),
        ("load", {"name": NAME, "path": "/tmp"}, 400, "unknown_parameter"),
    ],
)
async def test_what_cannot_be_loaded_or_unloaded_is_refused(
    verb: str, content: dict[str, Any], status: int, code: str
) -> None:
    answer = await asked(app_on(store=Folder(SELECTOR)), "POST", f"/v1/adapters/{verb}", json=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_server_without_a_store_says_so() -> None:
    for method, path in (("GET", ""), ("POST", "/load"), ("POST", "/unload")):
        answer = await asked(app_on(), method, f"/v1/adapters{path}", json={"name": NAME})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_store")
