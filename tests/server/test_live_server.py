"""The application behind a real HTTP server: streams, clients that go away, queues, failures and the end."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from fastapi import FastAPI

from server.engine.base import EngineUnavailable, Piece, Sampling
from server.engine.scripted import ScriptedEngine
from server.services import Services
from tests.server.decoding import until
from tests.server.toy import READ, READ_ALL, engine
from tests.server.web import CHAT, app_on, body, wire

DONE = "data: [DONE]"


class Stepwise(ScriptedEngine):
    """Gives one piece for each `step.release()`."""

    def __init__(self, *replies: str) -> None:
        super().__init__(replies)
        self.step = asyncio.Semaphore(0)

    def steps(self, number: int) -> None:
        for _ in range(number):
            self.step.release()

    async def _pieces(self, reply: str, prompt_tokens: int, sampling: Sampling) -> AsyncGenerator[Piece, None]:
        async for piece in super()._pieces(reply, prompt_tokens, sampling):
            await self.step.acquire()
            yield piece


class Dying(ScriptedEngine):
    """Dies after the third piece."""

    async def _pieces(self, reply: str, prompt_tokens: int, sampling: Sampling) -> AsyncGenerator[Piece, None]:
        async for piece in super()._pieces(reply, prompt_tokens, sampling):
            yield piece
            if piece.completion_tokens == 3:
                raise EngineUnavailable("The engine died; it is being restarted.")


class Live:
    """A server in this event loop."""

    def __init__(self, app: FastAPI, server: uvicorn.Server, port: int) -> None:
        self.server = server
        self.services: Services = app.state.services
        self.base_url = f"http://127.0.0.1:{port}"
        self.http = httpx.AsyncClient(base_url=self.base_url, timeout=20)
        self.openai = openai.AsyncOpenAI(base_url=f"{self.base_url}/v1", api_key="none", max_retries=0, timeout=20)


@asynccontextmanager
async def live(scripted: ScriptedEngine, *, drain: int = 20, **settings: Any) -> AsyncGenerator[Live, None]:
    app = app_on(scripted, drain_seconds=drain, **settings)
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=drain)
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    async with asyncio.timeout(120):
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        running = Live(app, server, listener.getsockname()[1])
        try:
            async with running.http, running.openai:
                yield running
        finally:
            scripted.gate.set()
            server.should_exit = True
            await serving


async def lines_of(answer: httpx.Response) -> AsyncGenerator[str, None]:
    """The lines of a stream that are not empty."""
    async for line in answer.aiter_lines():
        if line:
            yield line


def text_in(line: str) -> str | None:
    content: str | None = json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("content")
    return content


async def test_a_stream_arrives_piece_by_piece() -> None:
    scripted = Stepwise("abc")
    async with live(scripted) as server, server.http.stream("POST", CHAT, json=body(stream=True)) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = lines_of(answer)
        scripted.steps(1)
        assert [text_in(await anext(lines)) for _ in range(2)] == [None, "a"]
        for character in "bc":
            scripted.steps(1)
            assert text_in(await anext(lines)) == character
        scripted.steps(1)
        assert [line async for line in lines][-1] == DONE


async def test_a_stage_that_takes_long_is_bridged_by_comments() -> None:
    scripted = Stepwise("a")
    async with live(scripted, keepalive_seconds=0.05) as server:
        async with server.http.stream("POST", CHAT, json=body(stream=True)) as answer:
            lines = lines_of(answer)
            assert [await anext(lines) for _ in range(2)] == [": keep-alive"] * 2
            scripted.steps(2)
            rest = [line async for line in lines if line != ": keep-alive"]
        assert [text_in(line) for line in rest[:2]] == [None, "a"]
        assert rest[-1] == DONE


async def test_a_client_that_leaves_a_stream_aborts_its_generation() -> None:
    scripted = Stepwise("abc")
    async with live(scripted) as server:
        async with server.http.stream("POST", CHAT, json=body(stream=True)) as answer:
            scripted.steps(1)
            await anext(lines_of(answer))
        await until(lambda: scripted.running == 0 and server.services.admission.admitted == 0)
        assert (scripted.aborted, server.services.admission.decoding) == (1, 0)


async def test_a_client_that_leaves_before_the_whole_answer_aborts_its_generation() -> None:
    scripted = Stepwise("abc")
    async with live(scripted) as server:
        asking = asyncio.create_task(server.http.post(CHAT, json=body()))
        await until(lambda: scripted.running == 1)
        asking.cancel()
        await until(lambda: scripted.running == 0 and server.services.admission.admitted == 0)
        assert (scripted.aborted, server.services.admission.decoding) == (1, 0)


async def test_clients_that_leave_while_they_wait_give_up_their_places() -> None:
    scripted = Stepwise("a", "b")
    async with live(scripted, max_running=1, max_waiting=2) as server:
        first = asyncio.create_task(server.http.post(CHAT, json=body()))
        await until(lambda: scripted.running == 1)
        waiting = [asyncio.create_task(server.http.post(CHAT, json=body(stream=on))) for on in (True, False)]
        await until(lambda: server.services.admission.queued == 2)
        for task in waiting:
            task.cancel()
        await until(lambda: server.services.admission.queued == 0)
        scripted.steps(2)
        assert (await first).status_code == 200
        assert len(scripted.generations) == 1


async def test_a_full_queue_is_answered_429_until_there_is_room_again() -> None:
    scripted = Stepwise("a", "b", "c")
    async with live(scripted, max_running=1, max_waiting=1) as server:
        accepted = [asyncio.create_task(server.http.post(CHAT, json=body(stream=on))) for on in (True, False)]
        await until(lambda: server.services.admission.admitted == 2)
        refused = await server.http.post(CHAT, json=body())
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "queue_full")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        with pytest.raises(openai.RateLimitError):
            await server.openai.chat.completions.create(**body(stream=True))
        scripted.steps(6)
        assert [(await task).status_code for task in accepted] == [200, 200]
        assert (await server.http.post(CHAT, json=body())).status_code == 200


async def test_an_engine_that_is_dead_before_a_stream_is_a_status() -> None:
    scripted = ScriptedEngine([])
    scripted.failure = EngineUnavailable("The engine died; it is being restarted.")
    async with live(scripted) as server:
        with pytest.raises(openai.InternalServerError) as caught:
            await server.openai.chat.completions.create(**body(stream=True))
        assert (caught.value.status_code, caught.value.code) == (503, "engine_unavailable")


async def test_an_engine_that_dies_in_a_stream_is_an_event_that_the_sdk_raises() -> None:
    async with live(Dying(["abcdef"])) as server:
        stream = await server.openai.chat.completions.create(**body(stream=True))
        texts: list[str | None] = []
        with pytest.raises(openai.APIError, match="The engine died; it is being restarted") as caught:
            async for chunk in stream:
                texts.append(chunk.choices[0].delta.content)
        assert (texts, caught.value.code) == ([None, "a", "b", "c"], "engine_unavailable")


async def test_an_engine_that_dies_in_a_whole_answer_is_a_status() -> None:
    async with live(Dying(["abcdef"])) as server:
        answer = await server.http.post(CHAT, json=body())
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_unavailable")


async def test_the_sdk_folds_a_streamed_call() -> None:
    scripted = engine(select="read", arguments='{"path":"a"}')
    tools: Any = [wire(READ), wire(READ_ALL)]
    async with (
        live(scripted) as server,
        server.openai.chat.completions.stream(
            model="dualtune", messages=[{"role": "user", "content": "Hello"}], tools=tools
        ) as stream,
    ):
        folded = await stream.get_final_completion()
    (call,) = folded.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == ("read", '{"path":"a"}')
    assert folded.choices[0].finish_reason == "tool_calls"


async def test_the_sdk_is_told_the_usage_in_the_last_chunk() -> None:
    options = {"include_usage": True}
    async with live(ScriptedEngine(["abc"])) as server:
        stream = await server.openai.chat.completions.create(**body(stream=True, stream_options=options))
        chunks = [chunk async for chunk in stream]
    assert [chunk.usage and chunk.usage.completion_tokens for chunk in chunks] == [None] * (len(chunks) - 1) + [3]


async def test_the_end_lets_a_running_stream_finish() -> None:
    scripted = Stepwise("abc")
    async with live(scripted, keepalive_seconds=0.3) as server:
        async with server.http.stream("POST", CHAT, json=body(stream=True)) as answer:
            lines = lines_of(answer)
            scripted.steps(1)
            assert text_in(await anext(lines)) is None
            server.server.should_exit = True
            await until(lambda: not any(listening.is_serving() for listening in server.server.servers))
            async with httpx.AsyncClient() as newcomer:
                with pytest.raises(httpx.ConnectError):
                    await newcomer.get(f"{server.base_url}/health")
            # Longer than anything that listens for the end takes to notice it.
            assert [await anext(lines) for _ in range(4)][1:] == [": keep-alive"] * 3
            scripted.steps(3)
            rest = [line async for line in lines if line != ": keep-alive"]
        assert [text_in(line) for line in rest[:2]] == ["b", "c"]
        assert rest[-1] == DONE
    assert scripted.aborted == 0


async def test_the_end_does_not_wait_for_ever() -> None:
    scripted = Stepwise("abc", "def")
    async with live(scripted, drain=0) as server:
        whole, streamed = (asyncio.create_task(server.http.post(CHAT, json=body(stream=on))) for on in (False, True))
        await until(lambda: scripted.running == 2)
        server.server.should_exit = True
        await until(lambda: scripted.running == 0)
        error = (await whole).json()["error"]
        assert ((await whole).status_code, error["message"]) == (503, "The server is shutting down.")
        with pytest.raises(httpx.RemoteProtocolError):
            await streamed
    assert scripted.aborted == 2
