"""Single requests: which replies are right, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.errors import EvaluationError
from evaluation.requests import Request, judge, read_requests, summarize
from evaluation.requests.asking import ROOT, ask
from evaluation.requests.request import SHIPPED
from server.chat_template import compact_json
from server.constraints.check import violation
from toolsets import Registry
from toolsets.chat import ModelError
from toolsets.registry import PACKAGED
from toolsets.trajectory import Call, Message, Reply

TOOLSET = Registry.load(PACKAGED).toolsets["filesystem"]
TOOLS = {tool.name: tool for tool in TOOLSET.tools}
SORTED = Request.model_validate(
    {
        "request": "how big are the files in a?",
        "calls": [{"tool": "list_directory_with_sizes", "arguments": {"path": "a"}}],
    }
)
CHAT = Request(request="hello", calls=())


def reply(*calls: tuple[str, Any]) -> Reply:
    made = tuple(Call(f"c{i}", name, json.dumps(arguments)) for i, (name, arguments) in enumerate(calls))
    return Reply(text=None if made else "hi", calls=made, finish="stop", usage=None, stages=(), seconds=0.5)


def verdict(request: Request, *calls: tuple[str, Any]) -> tuple[bool, bool, bool | None]:
    answer = judge(request, reply(*calls), TOOLS, str(ROOT))
    return answer.right_tool, answer.right_call, answer.valid


@pytest.mark.parametrize(
    "arguments", [{"path": "a"}, {"path": f"{ROOT}/a"}, {"path": "a/"}, {"path": "a", "sortBy": "name"}]
)
def test_a_wanted_call_is_right_however_its_path_and_defaults_are_written(arguments: dict[str, str]) -> None:
    assert verdict(SORTED, ("list_directory_with_sizes", arguments)) == (True, True, True)


@pytest.mark.parametrize("arguments", [{"path": "b"}, {"path": "a", "sortBy": "size"}, {"path": "/a"}])
def test_other_arguments_are_the_right_tool_but_not_the_right_call(arguments: dict[str, str]) -> None:
    assert verdict(SORTED, ("list_directory_with_sizes", arguments)) == (True, False, True)


def test_a_second_call_spoils_the_first() -> None:
    call = ("list_directory_with_sizes", {"path": "a"})
    assert verdict(SORTED, call, ("list_directory", {"path": "b"})) == (True, False, True)


def test_another_tool_is_wrong_and_so_is_none() -> None:
    assert verdict(SORTED, ("list_directory", {"path": "a"})) == (False, False, True)
    assert verdict(SORTED) == (False, False, None)


def test_arguments_that_the_schema_refuses_are_not_valid() -> None:
    assert verdict(SORTED, ("list_directory_with_sizes", {"path": "a", "sortBy": "age"})) == (True, False, False)
    assert verdict(SORTED, ("no_such_tool", {})) == (False, False, False)


def test_a_request_without_a_tool_wants_no_call() -> None:
    assert verdict(CHAT) == (True, True, None)
    assert verdict(CHAT, ("list_directory", {"path": "a"})) == (False, False, True)


def test_the_summary_counts_requests_with_and_without_tools_apart() -> None:
    right = judge(SORTED, reply(("list_directory_with_sizes", {"path": "a"})), TOOLS, str(ROOT))
    wrong = judge(SORTED, reply(("list_directory", {"path": "a"})), TOOLS, str(ROOT))
    summary = summarize([right, wrong, judge(CHAT, reply(), TOOLS, str(ROOT))])
    assert (summary.right_tool, summary.right_call, summary.right_without_tool) == (0.5, 0.5, 1.0)
    assert summary.by_tool == {"list_directory_with_sizes": (2, 1, 1), "no tool": (1, 1, 1)}


@pytest.mark.parametrize(
    ("name", "toolset"),
    [("filesystem", "filesystem"), ("filesystem-second", "filesystem"), ("time", "time"), ("memory", "memory")],
)
def test_every_shipped_request_is_unique_and_wants_calls_that_the_schema_accepts(name: str, toolset: str) -> None:
    tools = {tool.name: tool for tool in Registry.load(PACKAGED).toolsets[toolset].tools}
    requests = read_requests(toolset, SHIPPED / f"{name}.jsonl")
    assert len({request.request for request in requests}) == len(requests) >= 50
    for call in (call for request in requests for call in request.calls):
        assert violation(compact_json(call.arguments), tools[call.tool].parameters) is None
    assert {call.tool for request in requests for call in request.calls} == set(tools)


@pytest.mark.parametrize(
    ("text", "says"),
    [('{"request": "x"}', "1: calls"), ("{", "1: "), ("", "no request"), ('{"request": "", "calls": []}', "request")],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.jsonl").write_text(text)
    with pytest.raises(EvaluationError, match=says):
        read_requests("filesystem", tmp_path / "r.jsonl")


class Scripted:
    model = "scripted"
    base_url = ""

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        assert len(tools) == len(TOOLS)
        if messages[-1]["content"] == "hello":
            return reply()
        return reply(("list_directory_with_sizes", {"path": "a"}))


class Silent(Scripted):
    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        raise ModelError("no one is there")


async def test_answers_come_in_the_order_of_the_requests() -> None:
    told: list[None] = []
    answers = await ask(Scripted(), TOOLSET, [CHAT, SORTED, CHAT], 2, lambda: told.append(None))
    assert [answer.request for answer in answers] == [CHAT.request, SORTED.request, CHAT.request]
    assert all(answer.right_call for answer in answers)
    assert len(told) == 3


@pytest.mark.parametrize(("name", "is_told"), [("filesystem", True), ("time", False)])
async def test_a_model_is_told_of_a_workspace_where_there_are_tools_for_files(name: str, is_told: bool) -> None:
    seen: list[str] = []

    class Listening(Scripted):
        async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
            seen.append(messages[0]["content"])
            return reply()

    await ask(Listening(), Registry.load(PACKAGED).toolsets[name], [CHAT], 1, lambda: None)
    assert [str(ROOT) in instructions for instructions in seen] == [is_told]


async def test_a_model_that_is_silent_is_an_error_that_names_the_endpoint() -> None:
    with pytest.raises(EvaluationError, match="no one is there") as caught:
        await ask(Silent(), TOOLSET, [CHAT, SORTED], 2, lambda: None)
    assert caught.value.field == "base_url"


def test_an_unknown_toolset_is_one_line() -> None:
    result = CliRunner().invoke(app, ["requests", "nosuch"])
    assert result.exit_code == 1
    assert "there is no toolset 'nosuch'" in result.output
