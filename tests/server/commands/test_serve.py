"""`dualtune serve` from the settings to the end, with an engine that is scripted."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sse_starlette.sse import AppStatus

from server.assembly import Parts
from server.cli import CommandError
from server.commands import serve as command
from server.engine.base import Engine, EngineUnavailable
from server.engine.scripted import ScriptedEngine
from server.engine.supervisor import SupervisedEngine
from server.settings import Settings
from tests.server.decoding import until
from tests.server.toy import REGISTRY, ToyStore, prompts

pytestmark = pytest.mark.usefixtures("own_log")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {}),
        (["max_num_seqs=16"], {"max_num_seqs": 16}),
        (["a=0.5", "b=true", "c=words"], {"a": 0.5, "b": True, "c": "words"}),
        (["a='quoted'", "b=[1, 2]"], {"a": "quoted", "b": [1, 2]}),
        (["a={x = 1}"], {"a": {"x": 1}}),
        (["a="], {"a": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (["a=1", "a=2"], {"a": 2}),
    ],
)
def test_engine_options_are_read_as_toml_or_else_as_words(options: list[str], expected: dict[str, Any]) -> None:
    assert command._pairs(options) == expected


@pytest.mark.parametrize("option", ["x", "=1", "a b=1", "--x=1", ""])
def test_an_engine_option_without_a_name_or_a_value_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match=f"^--engine {re.escape(option)}: write NAME=VALUE"):
        command._pairs([option])


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings with which flags would serve."""
    found: list[Settings] = []

    async def remember(settings: Settings) -> None:
        found.append(settings)

    monkeypatch.setattr(command, "_serve", remember)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    def settings(**flags: Any) -> Settings:
        command.serve(**flags)
        return found.pop()

    return settings


def test_flags_become_settings(settings_of: Any) -> None:
    settings = settings_of(
        model="m", toolsets=[Path("/t")], port=0, api_key="k", max_model_len=512, engine=["block_size=16"]
    )
    expected = {"model": "m", "toolsets": [Path("/t")], "port": 0, "engine": {"max_model_len": 512, "block_size": 16}}
    changed = settings.model_dump(exclude_defaults=True, exclude={"api_key"})
    assert changed == expected
    assert settings.api_key.get_secret_value() == "k"


def test_without_flags_the_other_sources_decide(settings_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALTUNE_PORT", "7")
    assert settings_of().model_dump(exclude_defaults=True) == {"port": 7}


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """SIGTERM does not end the tests; the server passes it on to here when it has ended."""
    # Streams end at once when a server of this process was once told to: those of later tests must not.
    monkeypatch.setattr(AppStatus, "should_exit", False)
    passed_on: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: passed_on.append(number))
    yield passed_on
    signal.signal(signal.SIGTERM, before)


def parts(engine: ScriptedEngine, failure: Exception | None = None) -> Parts:
    async def start() -> Engine:
        if failure is not None:
            raise failure
        return engine

    return Parts("toy", SupervisedEngine(start), ToyStore(), REGISTRY, prompts(), ("adapter x: it is broken",))


class Closing(ScriptedEngine):
    closed = False

    async def close(self) -> None:
        self.closed = True


async def test_it_serves_until_it_is_told_to_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], signals: list[int]
) -> None:
    scripted = Closing(lambda generation: "Hi.")
    monkeypatch.setattr(command, "assemble", lambda settings: parts(scripted))
    said = ""

    def serves() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return "dualtune serves toy" in said

    async with asyncio.timeout(20):
        serving = asyncio.create_task(command._serve(Settings(port=0)))
        await until(lambda: serving.done() or serves())
        address = re.search(r"dualtune serves toy on (http://127\.0\.0\.1:\d+)/v1\n", said)
        assert address, said
        assert "adapter x: it is broken" in said
        async with httpx.AsyncClient(base_url=address[1]) as client:
            assert (await client.get("/ready")).json() == {"status": "ready"}
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    assert (scripted.closed, signals) == (True, [signal.SIGTERM])


async def test_an_engine_that_does_not_start_ends_it_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = EngineUnavailable("vLLM did not start: no memory")
    monkeypatch.setattr(command, "assemble", lambda settings: parts(ScriptedEngine([]), failure))
    async with asyncio.timeout(20):
        with pytest.raises(CommandError, match=str(failure)):
            await command._serve(Settings(port=0))


async def test_a_port_in_use_is_told_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "assemble", lambda settings: pytest.fail("loaded"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            await command._serve(Settings(port=port))
    remedy = "choose others with --host and --port"
    assert str(caught.value) == f"cannot listen on 127.0.0.1 port {port}: Address already in use; {remedy}"


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7"])
async def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(CommandError, match=f"^cannot listen on {host} port 0: "):
        await command._serve(Settings(host=host, port=0))
