"""The agent's loop: what it does with a model's replies, and the record it leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.client._memory import InMemoryTransport
from mcp.server.mcpserver import MCPServer
from openai import AsyncOpenAI
from rich.console import Console

from toolsets import Tool, Toolset, ToolsetError
from toolsets.agent import AgentLimits, Ended, Event, Run, act, opening, run
from toolsets.chat import ModelError, OpenAIModel
from toolsets.result import ToolResult
from toolsets.session import Session
from toolsets.toolbox import Toolbox
from toolsets.trace import Trace
from toolsets.trajectory import Call, Message, Observation, Reply, Step, Trajectory, read_trajectory, write_trajectory

WAIT = 20.0


@dataclass
class Scripted:
    """A model that says what it was told to, one reply after the other, and keeps what it was asked."""

    replies: list[Reply | Exception | Callable[[], Reply]]
    asked: list[list[Message]] = field(default_factory=list)
    tools: list[Mapping[str, Any]] = field(default_factory=list)
    model: str = "scripted"
    base_url: str = "http://127.0.0.1:9/v1"

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        self.asked.append(list(messages))
        self.tools = list(tools)
        if not self.replies:
            await asyncio.Event().wait()
        said = self.replies.pop(0)
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Reply) else said()


def calling(*calls: tuple[str, Any], text: str | None = None) -> Reply:
    written = [(name, given if isinstance(given, str) else json.dumps(given)) for name, given in calls]
    return Reply(text, tuple(Call(f"id-{name}", name, arguments) for name, arguments in written), "tool_calls")


DONE = Reply("All done.")


def counter() -> MCPServer:
    server = MCPServer("counter")
    total = 0

    @server.tool(structured_output=False)
    def add(number: int) -> str:
        nonlocal total
        total += number
        return f"now {total}"

    @server.tool(structured_output=False)
    def read() -> str:
        return f"it is {total}"

    @server.tool()
    async def wait() -> None:
        await asyncio.Event().wait()

    return server


@asynccontextmanager
async def toolbox(*names: str) -> AsyncIterator[Toolbox]:
    running: list[tuple[Toolset, Session]] = []
    async with AsyncExitStack() as stack, asyncio.timeout(WAIT):
        for name in names or ("counter",):
            server = counter()
            session = Session(name, lambda server=server: InMemoryTransport(server))  # type: ignore[misc]
            await stack.enter_async_context(session)
            running.append((Toolset(name, "Counts.", await session.tools()), session))
        yield Toolbox.of(running)


def timeless(trajectory: Trajectory) -> list[Step]:
    """The steps, without the time they took."""
    return [
        Step(
            step.reply,
            tuple(
                Observation(seen.call, seen.toolset, seen.tool, ToolResult(seen.result.text, seen.result.is_error))
                for seen in step.calls
            ),
        )
        for step in trajectory.steps
    ]


def seen(call: Call, text: str, *, is_error: bool = False) -> Observation:
    return Observation(call, "counter", call.name, ToolResult(text, is_error))


async def test_calls_are_made_and_observed_until_the_model_answers() -> None:
    first, second = calling(("add", {"number": 2})), calling(("add", {"number": 3}), ("read", ""), text="Two more.")
    model = Scripted([first, second, DONE])
    async with toolbox() as tools:
        done = await run(model, tools, opening("Count to five."))
        digests, offer = tools.digests, tools.offer
    calls = (first.calls[0], *done.steps[1].reply.calls)
    assert timeless(done) == [
        Step(first, (seen(calls[0], "now 2"),)),
        Step(done.steps[1].reply, (seen(calls[1], "now 5"), seen(calls[2], "it is 5"))),
        Step(DONE),
    ]
    assert (done.outcome, done.answer, done.error) == ("answered", "All done.", None)
    assert (done.model, done.base_url, done.toolsets) == ("scripted", model.base_url, digests)
    assert model.tools == offer
    assert model.asked[-1] == done.messages[:-1]


async def test_the_messages_are_openais_with_an_id_of_its_own_for_each_call() -> None:
    def nameless() -> Reply:
        return Reply(None, (Call("", "read", "{}"), Call("", "read", "{}")), "tool_calls")

    async with toolbox() as tools:
        done = await run(Scripted([nameless, nameless, DONE]), tools, opening("Read."))
    ids = [call["id"] for message in done.messages for call in message.get("tool_calls", ())]
    assert ids == ["call_1", "call_2", "call_3", "call_4"]
    assert done.messages[2] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": id, "type": "function", "function": {"name": "read", "arguments": "{}"}} for id in ids[:2]
        ],
    }
    assert done.messages[3] == {"role": "tool", "tool_call_id": "call_1", "content": "it is 0"}
    assert done.messages[-1] == {"role": "assistant", "content": "All done."}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("fly", {}), "there is no tool 'fly'; the tools are add, read, wait"),
        (("add", "{number: 1}"), "the arguments are not JSON"),
        (("add", "[1]"), "the arguments must be a JSON object"),
        (("add", "[" * 100_000), "the arguments are not JSON"),
        (("add", {"number": "many"}), "valid integer"),
    ],
)
async def test_a_call_that_is_wrong_is_told_to_the_model_and_the_run_goes_on(
    call: tuple[str, Any], message: str
) -> None:
    async with toolbox() as tools:
        done = await run(Scripted([calling(call), DONE]), tools, opening("Add."))
    (observed,) = done.steps[0].calls
    assert observed.result.is_error
    assert message in observed.result.text
    assert done.outcome == "answered"


async def test_tools_of_one_name_are_told_apart_by_their_toolset() -> None:
    model = Scripted([calling(("left__add", {"number": 1})), calling(("right__read", {})), DONE])
    async with toolbox("left", "right") as tools:
        done = await run(model, tools, opening("Add."))
    assert [(o.toolset, o.tool, o.result.text) for step in done.steps for o in step.calls] == [
        ("left", "add", "now 1"),
        ("right", "read", "it is 0"),
    ]


def test_names_that_are_too_long_together_are_refused() -> None:
    session = Session("a", lambda: InMemoryTransport(counter()))
    long = (Tool("x" * 60),)
    with pytest.raises(ToolsetError, match="cannot be offered beside the others"):
        Toolbox.of([(Toolset("first", "", long), session), (Toolset("second", "", long), session)])


# -- limits


async def test_a_run_ends_at_the_limit_of_steps() -> None:
    model = Scripted([calling(("add", {"number": 1})) for _ in range(9)])
    async with toolbox() as tools:
        done = await run(model, tools, opening("Add."), AgentLimits(max_steps=3))
    assert (done.outcome, len(done.steps), done.answer) == ("step_limit", 3, None)
    assert [step.calls[0].result.text for step in done.steps] == ["now 1", "now 2", "now 3"]


async def test_a_model_that_thinks_too_long_ends_the_run() -> None:
    async with toolbox() as tools:
        done = await run(Scripted([calling(("read", {}))]), tools, opening("Add."), AgentLimits(max_seconds=0.2))
    assert (done.outcome, len(done.steps)) == ("time_limit", 1)


async def test_a_tool_that_takes_too_long_is_told_to_the_model() -> None:
    async with toolbox() as tools:
        done = await run(
            Scripted([calling(("wait", {})), DONE]), tools, opening("Wait."), AgentLimits(call_seconds=0.1)
        )
    assert done.steps[0].calls[0].result.text == "wait did not answer within 0.1 seconds; the call was cancelled"
    assert done.outcome == "answered"


async def test_a_model_that_fails_ends_the_run_with_the_reason() -> None:
    async with toolbox() as tools:
        done = await run(Scripted([calling(("read", {})), ModelError("out of memory")]), tools, opening("Read."))
    assert (done.outcome, done.error, len(done.steps)) == ("failed", "out of memory", 1)


# -- going round in circles


async def outcomes(*calls: tuple[str, Any]) -> tuple[list[str], str]:
    async with toolbox() as tools:
        done = await run(Scripted([*(calling(call) for call in calls), DONE]), tools, opening("Go."))
    return [seen.result.text.partition(" ")[0] for step in done.steps for seen in step.calls], done.outcome


async def test_the_same_call_again_and_again_is_refused_and_then_ends_the_run() -> None:
    assert await outcomes(*[("read", {})] * 9) == (["it", "it", "it", "This", "This"], "repeated")


async def test_going_round_a_circle_of_calls_is_seen_too() -> None:
    texts, outcome = await outcomes(*[("read", {}), ("fly", {})] * 9)
    assert (texts, outcome) == (["it", "there", "it", "there", "This", "This"], "repeated")


async def test_spacing_does_not_make_a_call_another() -> None:
    assert (await outcomes(("read", "{}"), ("read", "{ }"), ("read", " {}"), ("read", "{  }")))[0][-1] == "This"


async def test_reading_again_after_a_change_is_no_repetition() -> None:
    calls = [("read", {}), ("read", {}), ("add", {"number": 1})] * 4
    texts, outcome = await outcomes(*calls)
    assert (texts, outcome) == (["it", "it", "now"] * 4, "answered")


async def test_a_refusal_that_is_heeded_ends_nothing() -> None:
    texts, outcome = await outcomes(*[("read", {})] * 4, ("add", {"number": 1}), ("read", {}))
    assert (texts, outcome) == (["it", "it", "it", "This", "now", "it"], "answered")


# -- the record


async def test_a_run_that_is_cancelled_leaves_a_whole_record(tmp_path: Path) -> None:
    async with toolbox() as tools:
        running = Run(Scripted([calling(("add", {"number": 1}), ("wait", {}))]), tools, opening("Go."), AgentLimits())
        seen: list[Event] = []
        observed = asyncio.Event()

        async def watch() -> None:
            async with aclosing(running.events()) as events:
                async for event in events:
                    seen.append(event)
                    if isinstance(event, Observation):
                        observed.set()

        task = asyncio.create_task(watch())
        await observed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    left = running.trajectory
    assert (left.outcome, left.answer) == ("interrupted", None)
    assert [message["role"] for message in left.messages] == ["system", "user", "assistant", "tool", "tool"]
    assert left.messages[-1]["content"] == "the run ended before this call was answered"
    write_trajectory(tmp_path / "run.json", left)
    assert read_trajectory(tmp_path / "run.json") == left


async def test_the_file_has_the_documented_fields(tmp_path: Path) -> None:
    reply = Reply(
        None,
        (Call("c", "read", "{}"),),
        "tool_calls",
        {"prompt_tokens": 7},
        ({"stage": "route", "choice": "counter", "confidence": 0.5},),
        0.25,
    )
    async with toolbox() as tools:
        done = await run(Scripted([reply, DONE]), tools, opening("Read.", Path("/w")))
        digests = tools.digests
    write_trajectory(tmp_path / "run.json", done)
    data = json.loads((tmp_path / "run.json").read_text())
    result = done.steps[0].calls[0].result
    assert data == {
        "format": 1,
        "model": "scripted",
        "base_url": "http://127.0.0.1:9/v1",
        "toolsets": digests,
        "opening": list(opening("Read.", Path("/w"))),
        "started": done.started,
        "seconds": done.seconds,
        "outcome": "answered",
        "error": None,
        "answer": "All done.",
        "messages": done.messages,
        "steps": [
            {
                "reply": {
                    "text": None,
                    "calls": [{"id": "c", "name": "read", "arguments": "{}"}],
                    "finish": "tool_calls",
                    "usage": {"prompt_tokens": 7},
                    "stages": [{"stage": "route", "choice": "counter", "confidence": 0.5}],
                    "seconds": 0.25,
                },
                "calls": [
                    {
                        "call": {"id": "c", "name": "read", "arguments": "{}"},
                        "toolset": "counter",
                        "tool": "read",
                        "result": {
                            "text": "it is 0",
                            "is_error": False,
                            "truncated": False,
                            "structured": None,
                            "seconds": result.seconds,
                        },
                    }
                ],
            },
            {
                "reply": {
                    "text": "All done.",
                    "calls": [],
                    "finish": "stop",
                    "usage": None,
                    "stages": [],
                    "seconds": 0.0,
                },
                "calls": [],
            },
        ],
    }
    assert read_trajectory(tmp_path / "run.json") == done


@pytest.mark.parametrize(
    ("content", "field"), [("{}", "model"), ('{"format": 2}', "model"), ("[", "file"), (None, "path")]
)
def test_a_file_that_is_no_trajectory_is_refused_by_field(tmp_path: Path, content: str | None, field: str) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ToolsetError) as error:
        read_trajectory(path)
    assert error.value.field == field


# -- the wire


def wire(handler: Callable[[httpx2.Request], httpx2.Response]) -> OpenAIModel:
    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    client = AsyncOpenAI(base_url="http://model.test/v1", api_key="k", http_client=transport, max_retries=0)
    return OpenAIModel(client, "dualtune")


@pytest.mark.parametrize("limit", [None, 64])
async def test_a_reply_is_as_long_as_it_may_be(limit: int | None) -> None:
    asked: list[dict[str, Any]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        return httpx2.Response(200, json=completion({"content": "done"}, "stop"))

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    client = AsyncOpenAI(base_url="http://model.test/v1", api_key="k", http_client=transport, max_retries=0)
    await OpenAIModel(client, "dualtune", limit).reply([{"role": "user", "content": "hi"}], [])
    assert asked[0].get("max_completion_tokens") == limit


def completion(message: dict[str, Any], finish: str, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "dualtune",
        "choices": [choice],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    } | more


async def test_a_reply_is_read_with_our_servers_own_reports() -> None:
    function = {"name": "read", "arguments": '{"a":1}'}
    stages = [{"stage": "select", "choice": "read", "confidence": 0.75}]
    body = completion(
        {"tool_calls": [{"id": "c", "type": "function", "function": function}]},
        "tool_calls",
        dualtune={"stages": stages},
    )
    sent: list[Any] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        return httpx2.Response(200, json=body)

    tools = [{"type": "function", "function": {"name": "read"}}]
    reply = await wire(handler).reply(opening("Read."), tools)
    assert reply.seconds > 0
    assert Reply(reply.text, reply.calls, reply.finish, reply.usage, reply.stages) == Reply(
        None, (Call("c", "read", '{"a":1}'),), "tool_calls", body["usage"], (stages[0],)
    )
    assert sent == [{"model": "dualtune", "messages": list(opening("Read.")), "temperature": 0, "tools": tools}]


async def test_a_plain_server_gives_a_plain_reply() -> None:
    model = wire(lambda _: httpx2.Response(200, json=completion({"content": "Hello."}, "length")))
    reply = await model.reply(opening("Greet."), [])
    assert (reply.text, reply.calls, reply.finish, reply.stages) == ("Hello.", (), "length", ())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            httpx2.Response(404, json={"error": {"message": "no such model", "code": "model_not_found"}}),
            "no such model",
        ),
        (httpx2.Response(200, json=completion({}, "stop", choices=[])), "without a choice"),
        (httpx2.ConnectError("connection refused"), "http://model.test/v1/ cannot be reached: connection refused"),
    ],
)
async def test_a_server_that_gives_no_answer_is_a_model_error(
    answer: httpx2.Response | Exception, message: str
) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ModelError, match=message):
        await wire(handler).reply(opening("Greet."), [])


# -- what a person sees


def traced(events: Sequence[Event], trajectory: Trajectory) -> str:
    out = StringIO()
    trace = Trace(Console(file=out, width=200, highlight=False, markup=False))
    for event in events:
        trace.feed(event)
    trace.close(trajectory)
    return out.getvalue()


def ended(outcome: Any, error: str | None = None) -> Trajectory:
    return Trajectory("m", "u", {}, (), "", 2.5, outcome, (Step(DONE),), error)


def test_the_trace_shows_choices_with_confidence_arguments_results_and_times() -> None:
    call = Call("c", "read", '{"path":"a"}')
    stages = (
        {"stage": "route", "choice": "files", "confidence": 0.934, "seconds": 0.06},
        {"stage": "select", "choice": "read", "confidence": 1.0},
        {"stage": "arguments", "choice": "read", "confidence": None, "seconds": 1.0},
    )
    shown = traced(
        [
            Reply("Let me see.", (call,), "tool_calls", None, stages, 1.25),
            Observation(call, "files", "read", ToolResult("\n".join("abcdefgh"), seconds=0.012)),
            Ended("answered"),
        ],
        ended("answered"),
    )
    assert shown.splitlines() == [
        "step 1  1.2 s  route files (93%, 0.1 s), select read (100%), arguments (1.0 s)",
        "    Let me see.",
        '  files read {"path":"a"}  0.01 s',
        *(f"    {letter}" for letter in "abcdef"),
        "    ... 2 more lines",
        "1 step, 0 calls, 2.5 s; answered",
    ]


def test_the_trace_says_why_a_run_failed() -> None:
    assert traced([], ended("failed", "no such model")).endswith("failed: no such model\n")
    assert "--max-steps" in traced([], ended("step_limit"))


@given(text=st.text())
def test_nothing_that_a_tool_writes_steers_the_terminal(text: str) -> None:
    call = Call("c", text, text)
    shown = traced(
        [Reply(text, (call,), "tool_calls"), Observation(call, None, None, ToolResult(text))], ended("failed", text)
    )
    assert [letter for letter in shown if letter != "\n" and not letter.isprintable() and letter < "\xa0"] == []


async def test_the_events_end_with_how_it_ended() -> None:
    async with toolbox() as tools:
        events = [event async for event in act(Scripted([DONE]), tools, opening("Hi."), AgentLimits())]
    assert events == [DONE, Ended("answered")]
