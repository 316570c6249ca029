"""A small server under stress: clients that go away, a full queue, an engine that is killed, and the end.

The tests share one server of their own, which takes two requests at once and lets one more wait. The last one ends it.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters import Role
from tests.engine.adapter_files import NOTES, AdapterFiles, write_toolset
from tests.engine.serving import Server, serving, wait_until
from tests.engine.tools import as_tools

pytestmark = pytest.mark.engine

END_OF_TEXT = 2
STORY = {
    "model": "dualtune",
    "messages": [{"role": "user", "content": "Tell me a story."}],
    # Without an end of its own.
    "logit_bias": {str(END_OF_TEXT): -100},
    "max_tokens": 4000,
}
SHORT = STORY | {"max_tokens": 3}
ADD_NOTE = {
    "model": "dualtune",
    "messages": [{"role": "user", "content": "Note that I need cheese."}],
    "tools": as_tools(NOTES),
    "tool_choice": {"type": "function", "function": {"name": "add_note"}},
    "max_tokens": 16,
    "temperature": 0,
}
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def small(model_dir: Path, tmp_path_factory: pytest.TempPathFactory, base: Any) -> Iterator[Server]:
    store, toolsets = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("toolsets")
    AdapterFiles(store, base).install(Role.ARGUMENTS, "add_note", seed=2)
    write_toolset(toolsets, NOTES)
    environment = {
        "DUALTUNE_MODEL": str(model_dir),
        "DUALTUNE_ADAPTERS": str(store),
        "DUALTUNE_TOOLSETS": json.dumps([str(toolsets)]),
        "DUALTUNE_MAX_RUNNING": "2",
        "DUALTUNE_MAX_WAITING": "1",
        "DUALTUNE_KEEPALIVE_SECONDS": "0.5",
        "DUALTUNE_DRAIN_SECONDS": "60",
    }
    with serving(tmp_path_factory.mktemp("small"), environment=environment) as running:
        running.wait_until_ready()
        yield running


@contextmanager
def streaming(server: Server, body: dict[str, Any] = STORY) -> Iterator[Iterator[dict[str, Any]]]:
    """The chunks of a stream, as JSON; comments and `[DONE]` are passed over. Leaving goes away."""
    with (
        httpx.Client(base_url=server.url, timeout=120) as client,
        client.stream("POST", CHAT, json=body | {"stream": True}) as answer,
    ):
        assert answer.status_code == 200
        lines = (line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: {"))
        yield (json.loads(line) for line in lines)


def is_idle(server: Server) -> bool:
    gauges = ("dualtune_requests_decoding", "dualtune_requests_queued", "vllm:num_requests_running")
    return all(server.metric(name) == 0 for name in gauges)


def wait_until_idle(server: Server) -> None:
    wait_until(lambda: is_idle(server), 30, "no request is being decoded")


def test_a_client_that_leaves_a_stream_ends_its_decode(small: Server) -> None:
    with streaming(small) as chunks:
        next(chunks)
        wait_until(lambda: small.metric("vllm:num_requests_running") == 1, 30, "the request is being decoded")
    wait_until_idle(small)


def test_a_client_that_does_not_wait_for_a_whole_answer_ends_its_decode(small: Server) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(small.url + CHAT, json=STORY, timeout=3)
    wait_until_idle(small)


def test_one_choice_of_many_that_go_on_leaves_none_behind(small: Server) -> None:
    with streaming(small, STORY | {"n": 3}) as chunks:
        next(chunks)
        wait_until(lambda: small.metric("vllm:num_requests_running") == 3, 30, "all choices are being decoded")
    wait_until_idle(small)


def test_a_full_queue_answers_429_with_the_time_to_wait_and_a_stream_in_it_is_kept_alive(small: Server) -> None:
    with ExitStack() as stack:
        # Kept in hand: to drop the lines of a stream is to close it.
        decoding = [stack.enter_context(streaming(small)) for _ in range(2)]
        assert all(next(chunks)["choices"] for chunks in decoding)
        waiting = stack.enter_context(httpx.stream("POST", small.url + CHAT, json=STORY | {"stream": True}, timeout=60))
        lines = waiting.iter_lines()
        assert next(lines) == ": keep-alive"
        refused = small.http.post(CHAT, json=SHORT)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        assert small.metric("dualtune_requests_queued") == 1
    wait_until_idle(small)
    assert small.http.post(CHAT, json=SHORT).status_code == 200


def test_requests_wait_for_their_turn(small: Server) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: httpx.post(small.url + CHAT, json=SHORT, timeout=120), range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_a_killed_engine_fails_what_is_in_flight_and_comes_back_with_its_adapters(small: Server) -> None:
    before = small.http.post(CHAT, json=ADD_NOTE).json()
    with ThreadPoolExecutor(1) as pool, streaming(small) as chunks:
        next(chunks)
        whole = pool.submit(httpx.post, small.url + CHAT, json=STORY, timeout=120)
        wait_until(lambda: small.metric("vllm:num_requests_running") == 2, 30, "both are being decoded")
        os.kill(small.engine_process(), signal.SIGKILL)
        *_, last = chunks
        assert last["error"] == {
            "message": "The engine died; it is being restarted.",
            "type": "server_error",
            "param": None,
            "code": "engine_unavailable",
        }
        failed = whole.result(30)
    assert (failed.status_code, failed.json()) == (503, last)
    assert int(failed.headers["retry-after"]) >= 1

    wait_until(lambda: small.http.get("/ready").status_code == 503, 10, "the server says that it cannot serve")
    assert small.http.get("/health").status_code == 200
    assert small.http.get("/v1/models").status_code == 200
    assert small.http.post(CHAT, json=SHORT).status_code == 503
    assert small.http.post("/v1/adapters/load", json={"name": "notes/arguments/add_note"}).status_code == 503

    small.wait_until_ready()
    after = small.http.post(CHAT, json=ADD_NOTE).json()
    assert (
        after["choices"][0]["message"]["tool_calls"][0]["function"]
        == (before["choices"][0]["message"]["tool_calls"][0]["function"])
    )
    assert after["dualtune"]["stages"][-1]["adapter"] == "notes/arguments/add_note"
    assert is_idle(small)


def test_a_server_that_is_told_to_end_lets_a_stream_finish_and_leaves_nothing_behind(small: Server) -> None:
    engine = small.engine_process()
    with streaming(small, STORY | {"max_tokens": 60}) as chunks:
        next(chunks)
        small.process.send_signal(signal.SIGTERM)
        *_, last = chunks
    assert last["choices"][0]["finish_reason"] == "length"
    # As it is usual: what a signal ended ends by that signal.
    assert small.process.wait(60) == -signal.SIGTERM
    wait_until(lambda: not Path(f"/proc/{engine}").exists(), 30, "the engine's process has ended")
