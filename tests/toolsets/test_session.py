"""Sessions: with servers in this process, with a server that misbehaves over stdio, and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client._memory import InMemoryTransport
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from tests.toolsets.calculator_server import calculator
from toolsets import Tool, ToolsetError
from toolsets.result import ToolResult, shorten
from toolsets.sandbox import Wrapped
from toolsets.session import Session, SessionLimits
from toolsets.transport import Connect, http, stdio

STUB = Path(__file__).with_name("stub_server.py")
CALCULATOR = STUB.with_name("calculator_server.py")
WAIT = 20.0


def in_process(server: MCPServer) -> Connect:
    return lambda: InMemoryTransport(server)


def timeless(result: ToolResult) -> ToolResult:
    assert result.seconds > 0
    return ToolResult(result.text, result.is_error, result.truncated, result.structured)


async def test_a_call_gives_text_and_structured_content() -> None:
    async with Session("calculator", in_process(calculator())) as session:
        result = await session.call("add", {"a": 2, "b": 3})
    assert timeless(result) == ToolResult("5", structured={"result": 5})


async def test_the_tools_are_listed_with_their_schemas() -> None:
    async with Session("calculator", in_process(calculator())) as session:
        tools = await session.tools()
    assert [tool.name for tool in tools] == ["add", "divide"]
    integers = {"a": {"type": "integer"}, "b": {"type": "integer"}}
    expected = Tool("add", "", {"type": "object", "properties": integers, "required": ["a", "b"]})
    assert (tools[0].description, tools[0].digest) == ("Add two numbers.", expected.digest)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("divide", {"a": 1, "b": 0}, "cannot divide by zero"),
        ("divide", {"a": "one", "b": 0}, "valid integer"),
        ("divide", {}, "Field required"),
        ("multiply", {}, "multiply"),
    ],
)
async def test_what_a_tool_or_a_server_refuses_is_a_result(tool: str, arguments: dict[str, Any], message: str) -> None:
    async with Session("calculator", in_process(calculator())) as session:
        result = await session.call(tool, arguments)
    assert result.is_error
    assert message in result.text


NOTION_ERROR = '{"status":404,"object":"error","code":"object_not_found","message":"Could not find page."}'


@pytest.mark.parametrize(
    ("text", "is_error"),
    [
        (NOTION_ERROR, True),
        ("\n" + NOTION_ERROR, True),
        ('{"object":"page","title":"error"}', False),
        ('[{"object":"error"}]', False),
        ('{"object":"error"', False),
        ("the error", False),
        ("", False),
    ],
)
async def test_an_error_that_came_as_text_is_an_error_where_the_manifest_says_so(text: str, is_error: bool) -> None:
    server = MCPServer("notion")

    @server.tool()
    def get_page() -> CallToolResult:
        return CallToolResult(content=[TextContent(text=text)])

    async with Session("notion", in_process(server), error_members={"object": "error"}) as session:
        assert timeless(await session.call("get_page", {})) == ToolResult(text, is_error)
    async with Session("files", in_process(server)) as session:
        assert timeless(await session.call("get_page", {})) == ToolResult(text, False)


async def test_a_long_result_is_cut_with_a_mark() -> None:
    server = MCPServer("books")

    @server.tool(structured_output=False)
    def read(letters: int) -> str:
        return "x" * letters

    async with Session("books", in_process(server), limits=SessionLimits(max_characters=1000)) as session:
        whole, cut = await session.call("read", {"letters": 1000}), await session.call("read", {"letters": 12_345})
    assert timeless(whole) == ToolResult("x" * 1000)
    mark = "\n[truncated: the first 1,000 of 12,345 characters]"
    assert timeless(cut) == ToolResult("x" * 1000 + mark, truncated=True)
    assert shorten(whole.text, 1000) is whole.text


async def test_content_that_is_not_text_is_named() -> None:
    server = MCPServer("media")

    @server.tool()
    def look() -> CallToolResult:
        note = TextResourceContents(uri="file:///note.txt", text="a note")
        blob = BlobResourceContents(uri="file:///a.zip", blob="AAAA", mime_type="application/zip")
        return CallToolResult(
            content=[
                TextContent(text="Here:"),
                ImageContent(data="AAAAAAAA", mime_type="image/png"),
                AudioContent(data="AAAA", mime_type="audio/wav"),
                EmbeddedResource(resource=note),
                EmbeddedResource(resource=blob),
                ResourceLink(name="more", uri="file:///more.txt"),
            ]
        )

    async with Session("media", in_process(server)) as session:
        result = await session.call("look", {})
    assert result.text.splitlines() == [
        "Here:",
        "[image/png, 6 bytes, not shown]",
        "[audio/wav, 3 bytes, not shown]",
        "a note",
        "[application/zip resource: file:///a.zip]",
        "[resource more: file:///more.txt]",
    ]


@pytest.mark.parametrize(("content", "text"), [([], '{"name": "Ärlig"}'), ([TextContent(text="")], "")])
async def test_structured_content_is_shown_as_json_where_there_is_no_other(
    content: list[ContentBlock], text: str
) -> None:
    server = MCPServer("facts")

    @server.tool()
    def fact() -> CallToolResult:
        return CallToolResult(content=content, structured_content={"name": "Ärlig"})

    async with Session("facts", in_process(server)) as session:
        result = await session.call("fact", {})
    assert timeless(result) == ToolResult(text, structured={"name": "Ärlig"})


async def test_calls_run_at_the_same_time() -> None:
    server = MCPServer("meeting")
    barrier = asyncio.Barrier(8)

    @server.tool(structured_output=False)
    async def meet(number: int) -> str:
        await barrier.wait()
        return str(number)

    async with Session("meeting", in_process(server)) as session, asyncio.timeout(WAIT):
        results = await asyncio.gather(*(session.call("meet", {"number": number}) for number in range(8)))
    assert [result.text for result in results] == [str(number) for number in range(8)]


async def test_cancelling_a_call_cancels_it_on_the_server_and_leaves_the_session_usable() -> None:
    server = MCPServer("slow")
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @server.tool()
    async def wait() -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    @server.tool(structured_output=False)
    async def ready() -> str:
        return "yes"

    async with Session("slow", in_process(server)) as session, asyncio.timeout(WAIT):
        call = asyncio.create_task(session.call("wait", {}))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await cancelled.wait()
        assert (await session.call("ready", {})).text == "yes"


async def test_a_session_may_be_closed_by_another_task_than_the_one_that_called() -> None:
    async with asyncio.timeout(WAIT):
        session = await asyncio.create_task(Session("calculator", in_process(calculator())).__aenter__())
        assert (await session.call("add", {"a": 1, "b": 1})).text == "2"
        await asyncio.create_task(session.__aexit__(None, None, None))
        result = await session.call("add", {"a": 1, "b": 1})
    assert result.is_error
    assert result.text == "the session with the calculator server is closed"


# -- over stdio


def stub(*words: str, env: dict[str, str] | None = None) -> Connect:
    return stdio(lambda: Wrapped((sys.executable, "-I", str(STUB), *words), env or {}))


def starts(folder: Path) -> int:
    return len(list(folder.glob("start-*")))


async def test_a_server_that_ends_during_a_call_gives_an_error_and_is_started_again_for_the_next(
    tmp_path: Path,
) -> None:
    async with Session("stub", stub(str(tmp_path))) as session, asyncio.timeout(WAIT):
        first = await session.call("pid", {})
        dead = await session.call("die", {})
        second = await session.call("pid", {})
    assert timeless(dead) == ToolResult(
        "the stub server ended during this call, which may or may not have been carried out; "
        "the next call starts it again",
        is_error=True,
    )
    assert not second.is_error
    assert second.text != first.text
    assert starts(tmp_path) == 2


async def test_all_calls_in_flight_hear_of_the_end_and_the_server_is_started_once(tmp_path: Path) -> None:
    async with Session("stub", stub(str(tmp_path))) as session, asyncio.timeout(WAIT):
        waiting = [asyncio.create_task(session.call("silent", {})) for _ in range(3)]
        pid = int((await session.call("pid", {})).text)  # answered in order: the others have been read
        os.kill(pid, signal.SIGKILL)
        ended = await asyncio.gather(*waiting)
        again = await asyncio.gather(*(session.call("pid", {}) for _ in range(3)))
    assert [result.is_error for result in ended] == [True] * 3
    assert len({result.text for result in again}) == 1
    assert starts(tmp_path) == 2


async def test_a_server_that_died_between_calls_costs_no_call(tmp_path: Path) -> None:
    connected = asyncio.Event()

    @asynccontextmanager
    async def connect() -> AsyncIterator[Any]:
        async with stub(str(tmp_path))() as streams:
            yield streams
        connected.set()

    async with Session("stub", connect) as session, asyncio.timeout(WAIT):
        os.kill(int((await session.call("pid", {})).text), signal.SIGKILL)
        await connected.wait()
        assert not (await session.call("pid", {})).is_error


async def test_a_call_that_takes_too_long_is_an_error_and_a_server_that_hangs_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolsets.session._PING_SECONDS", 0.2)
    async with Session("stub", stub(), limits=SessionLimits(call_seconds=0.2)) as session, asyncio.timeout(WAIT):
        before = await session.call("pid", {}, seconds=WAIT)
        late = await session.call("hang", {})
        after = await session.call("pid", {}, seconds=WAIT)
    assert timeless(late) == ToolResult("hang did not answer within 0.2 seconds; the call was cancelled", is_error=True)
    assert not after.is_error
    assert after.text != before.text


async def test_a_server_that_was_only_slow_is_kept() -> None:
    async with Session("stub", stub()) as session, asyncio.timeout(WAIT):
        before = await session.call("pid", {})
        late = await session.call("silent", {}, seconds=0.1)
        after = await session.call("pid", {})
    assert late.is_error
    assert after.text == before.text


async def test_a_server_that_stops_reading_does_not_outlast_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp.shared.jsonrpc_dispatcher._ABANDON_WRITE_TIMEOUT", 0.1)
    async with Session("stub", stub()) as session, asyncio.timeout(WAIT):
        hanging = asyncio.create_task(session.call("hang", {}, seconds=0.5))
        # More than a pipe holds: the write itself cannot end.
        blocked = await session.call("say", {"text": "x" * 1_000_000}, seconds=0.5)
        await hanging
    assert blocked.text == "say did not answer within 0.5 seconds; the call was cancelled"


async def test_a_large_answer_arrives_whole() -> None:
    text = "wörd " * 100_000
    limits = SessionLimits(max_characters=1_000_000)
    async with Session("stub", stub(), limits=limits) as session, asyncio.timeout(WAIT):
        assert timeless(await session.call("say", {"text": text})) == ToolResult(text)


async def test_an_answer_against_the_protocol_is_an_error_result() -> None:
    async with Session("stub", stub()) as session, asyncio.timeout(WAIT):
        result = await session.call("malformed", {})
        assert not (await session.call("pid", {})).is_error
    assert timeless(result) == ToolResult("the answer of malformed is not what the protocol asks for", is_error=True)


async def test_a_server_gets_its_own_variables_and_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "not for you")
    async with Session("stub", stub(env={"STUB_TOKEN": "for you"})) as session, asyncio.timeout(WAIT):
        environment = json.loads((await session.call("environment", {})).text)
    assert environment["STUB_TOKEN"] == "for you"
    assert "SOME_SECRET" not in environment


async def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(ToolsetError, match=r"^the stub server did not start: .*\nthe licence has run out$") as error:
        async with Session("stub", stub(str(tmp_path))):
            pass
    assert error.value.field == "server"


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolsetError, match=r"the stub server did not start: .*no-such-program"):
        async with Session("stub", stdio(lambda: Wrapped(("/no-such-program",), {}))):
            pass


async def test_a_server_that_says_nothing_is_given_up() -> None:
    silent = stdio(lambda: Wrapped((sys.executable, "-c", "import sys; sys.stdin.read()"), {}))
    async with asyncio.timeout(WAIT):
        with pytest.raises(ToolsetError, match=r"did not start: .*timed out"):
            async with Session("stub", silent, limits=SessionLimits(start_seconds=0.2)):
                pass


async def test_a_server_that_cannot_be_started_again_is_an_error_result_each_time(tmp_path: Path) -> None:
    async with Session("stub", stub(str(tmp_path))) as session, asyncio.timeout(WAIT):
        await session.call("die", {})
        (tmp_path / "broken").touch()
        broken = await session.call("pid", {})
        (tmp_path / "broken").unlink()
        mended = await session.call("pid", {})
    assert broken.is_error
    assert "the licence has run out" in broken.text
    assert not mended.is_error


async def test_a_start_that_is_cancelled_leaves_no_server_behind(tmp_path: Path) -> None:
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    script = f"import os, sys; open({str(pipe)!r}, 'w').write(str(os.getpid())); sys.stdin.read()"
    silent = stdio(lambda: Wrapped((sys.executable, "-c", script), {}))
    async with asyncio.timeout(WAIT):
        start = asyncio.create_task(Session("stub", silent).__aenter__())
        pid = int(await asyncio.to_thread(pipe.read_text))
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_wrapped_the_command_is_removed_after_the_server_has_stopped() -> None:
    removed: list[bool] = []
    wrapped = Wrapped((sys.executable, "-I", str(STUB)), {}, lambda: removed.append(True))
    async with Session("stub", stdio(lambda: wrapped)) as session, asyncio.timeout(WAIT):
        await session.call("die", {})
        await session.call("pid", {})
        assert removed == [True]
    assert removed == [True, True]


# -- over HTTP


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[int]:
    """The calculator in a process of its own: connections wait until it is up."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        program = (sys.executable, str(CALCULATOR), str(listener.fileno()))
        process = await asyncio.create_subprocess_exec(*program, pass_fds=[listener.fileno()])
        port = listener.getsockname()[1]
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


async def test_a_streamable_http_server_is_called_and_reconnected_to() -> None:
    async with asyncio.timeout(WAIT):
        async with serving() as port:
            session = await Session("calculator", http(f"http://127.0.0.1:{port}/mcp", {"X-Key": "k"})).__aenter__()
            first = await session.call("add", {"a": 2, "b": 3})
        gone = await session.call("add", {"a": 2, "b": 3})
        async with serving(port):
            again = await session.call("add", {"a": 2, "b": 3})
            await session.__aexit__(None, None, None)
    assert timeless(first) == ToolResult("5", structured={"result": 5})
    assert gone.is_error
    assert timeless(again) == ToolResult("5", structured={"result": 5})


async def test_a_restarted_http_server_that_forgot_us_is_connected_to_anew() -> None:
    async with asyncio.timeout(WAIT):
        async with serving() as port:
            session = await Session("calculator", http(f"http://127.0.0.1:{port}/mcp", {})).__aenter__()
        async with serving(port):
            forgotten, again = [await session.call("add", {"a": 2, "b": 3}) for _ in range(2)]
            await session.__aexit__(None, None, None)
    assert "the calculator server ended during this call" in forgotten.text
    assert timeless(again) == ToolResult("5", structured={"result": 5})
