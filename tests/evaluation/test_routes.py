"""Requests with several toolsets on offer: where they go, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.errors import EvaluationError
from evaluation.requests import shares, wrong
from evaluation.requests.request import Errand, read_errands
from evaluation.requests.routing import Went, send
from toolsets import Registry
from toolsets.chat import ModelError
from toolsets.registry import PACKAGED
from toolsets.trajectory import Call, Message, Reply

SHIPPED = Registry.load(PACKAGED).toolsets
OFFERED = [SHIPPED["git"], SHIPPED["time"]]


class Model:
    """Reports a route where it is asked what is routed; else calls a tool, or answers in words."""

    model = "scripted"
    base_url = ""

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        assert len(tools) == 14
        said = messages[-1]["content"]
        if said == "nobody":
            raise ModelError("no one is there")
        stages: tuple[Mapping[str, Any], ...] = ()
        if said.startswith("route "):
            stages = ({"stage": "route", "choice": said.removeprefix("route ")},)
        calls = (Call("c", said.removeprefix("call "), "{}"),) if said.startswith("call ") else ()
        return Reply(None if calls else "hi", calls, stages=stages)


async def sent(*requests: str) -> list[str | None]:
    errands = [Errand(request=request, toolset="git") for request in requests]
    told: list[None] = []
    went = await send(Model(), OFFERED, errands, 2, lambda: told.append(None))
    assert [each.request for each in went] == list(requests)
    assert len(told) == len(requests)
    return [each.toolset for each in went]


async def test_a_request_went_where_the_server_says_or_else_to_the_toolset_of_the_call() -> None:
    assert await sent("route time", "route none", "call git_log", "call nosuch", "hello") == [
        "time",
        None,
        "git",
        None,
        None,
    ]


async def test_a_model_that_is_silent_is_an_error_that_names_the_endpoint() -> None:
    with pytest.raises(EvaluationError, match="no one is there") as caught:
        await sent("hello", "nobody")
    assert caught.value.field == "base_url"


def test_shares_are_of_all_and_of_each_toolsets_requests() -> None:
    went = [Went("a", "git", "git"), Went("b", "git", None), Went("c", None, None), Went("d", "time", "git")]
    assert shares(went) == {"all": 0.5, "git": 0.5, "none": 1.0, "time": 0.0}
    assert [each["request"] for each in wrong(went)] == ["b", "d"]


def test_every_shipped_request_is_unique_and_for_a_shipped_toolset_or_none() -> None:
    errands = read_errands()
    assert len({errand.request for errand in errands}) == len(errands) == 100
    assert {errand.toolset for errand in errands} == {*SHIPPED, None}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--offer", "git,nosuch"), "there is no toolset 'nosuch'"),
        (("--offer", "time", "--file", "r.jsonl"), "no request is for one of these toolsets"),
        (("--file", "bad.jsonl"), "bad.jsonl:1: toolset: "),
        (("--base-url", "http://127.0.0.1:1/v1"), "gave no answer"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    words: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r.jsonl").write_text('{"request": "who committed last?", "toolset": "git"}\n')
    (tmp_path / "bad.jsonl").write_text('{"request": "who committed last?"}\n')
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["routes", *words])
    assert result.exit_code == 1
    assert says in " ".join(result.output.split())
