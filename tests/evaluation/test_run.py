"""`dualtune eval run` and `report`, with a scripted model behind a real port and the real filesystem server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.records import Results, Settings
from evaluation.tasks import digest, read_tasks, write_tasks
from evaluation.tasks.gates import in_full
from toolsets.sandbox import Backend, backend

WAIT = 60
TASKS = tuple(read_tasks("filesystem-mcpbench")[number] for number in (7, 17, 21))
ON_SERVICES = (read_tasks("notion-mcpbench")[14], read_tasks("monday-mcpbench")[17])
"""They change what the services hold: a contact and a comment, a new item and an update."""
pytestmark = pytest.mark.usefixtures("servers")


@dataclass
class Models:
    """`perfect` follows the reference plan, `idle` answers at once; after `healthy` answers, both fail."""

    healthy: int = 10_000
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.healthy -= 1
        if self.healthy < 0:
            return JSONResponse({"error": {"message": "out of order"}}, status_code=400)
        self.asked.append(body["model"])
        task = next(t for t in (*TASKS, *ON_SERVICES) if body["messages"][1]["content"] in (t.query, t.description))
        made = sum(message["role"] == "tool" for message in body["messages"])
        message: dict[str, Any] = {"role": "assistant", "content": "I have <b>done</b> it."}
        stages = [{"stage": "route", "choice": "none", "confidence": 0.7}]
        if choice := body.get("tool_choice"):
            function = {"name": choice["function"]["name"], "arguments": "{}"}
            message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
        if body["model"] == "perfect" and made < len(task.reference):
            planned = task.reference[made]
            function = {"name": planned.tool, "arguments": json.dumps(in_full(planned, task.ground.root))}
            message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
            stages = [
                {"stage": "route", "choice": "filesystem", "confidence": 0.9},
                {"stage": "select", "choice": planned.tool, "confidence": 0.6},
            ]
        finish = "tool_calls" if "tool_calls" in message else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return JSONResponse(
            {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
            | {"usage": usage, "dualtune": {"stages": stages}}
        )


@pytest.fixture
def models() -> Iterator[Models]:
    served = Models()
    web = Starlette(routes=[Route("/v1/chat/completions", served.answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        server = uvicorn.Server(uvicorn.Config(web, log_level="critical", lifespan="off", timeout_graceful_shutdown=0))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        yield served
        server.should_exit = True
        thread.join(timeout=WAIT)


@pytest.fixture(scope="module")
def sandbox(programs: None) -> Backend:
    """The quickest; the servers' own tests use the strongest."""
    return backend("bubblewrap")


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    write_tasks(tmp_path / "tasks.jsonl", TASKS)
    return tmp_path / "tasks.jsonl"


def dualtune(*words: str | Path, status: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == status, (result.output, result.exception)
    return result.stdout, result.stderr


def run(models: Models, tasks: Path, out: Path, sandbox: Backend, *more: str, status: int = 0) -> str:
    words: list[str | Path] = [
        "run",
        tasks,
        "--model",
        "perfect,idle",
        "--base-url",
        models.url,
        "--out",
        out,
        "--sandbox",
        sandbox.name,
    ]
    return dualtune(*words, *more, status=status)[1]


def figures(out: Path) -> dict[str, Any]:
    """All that a report has to say, times apart."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: timeless(below) for key, below in value.items() if key not in ("seconds", "base_url")}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    return dict(timeless(json.loads(dualtune("report", out, "--json")[0])))


def test_a_run_that_was_stopped_goes_on_to_the_same_scores(
    models: Models, tasks: Path, tmp_path: Path, sandbox: Backend
) -> None:
    assert "6 runs in" in run(models, tasks, tmp_path / "whole", sandbox)
    whole = figures(tmp_path / "whole")
    assert {(row["model"], row["verdict"]["score"], row["blame"]) for row in whole["runs"]} == {
        ("perfect", 10, None),
        ("idle", 0, "route"),
    }
    assert whole["by_benchmark"]["perfect"]["mcpbench"]["toolfit"] == 100.0
    assert whole["missing"] == 0

    models.healthy = 4
    told = run(models, tasks, tmp_path / "broken", sandbox, "--jobs", "1", status=1)
    assert "the model fails again and again: Error code: 400" in told
    assert "run the same command again" in told
    unscored = [row["task"] for row in figures(tmp_path / "broken")["runs"] if row["verdict"] is None]
    assert unscored

    models.healthy = 1
    told = run(models, tasks, tmp_path / "few", sandbox, "--limit", "1", "--jobs", "1", status=1)
    assert "2 runs got no answer from the model and are unscored" in told
    assert "(1 runs, 1 unscored)" in dualtune("report", tmp_path / "few")[0]

    models.healthy, models.asked = 10_000, []
    run(models, tasks, tmp_path / "broken", sandbox, "--jobs", "1")
    assert figures(tmp_path / "broken") == whole
    models.asked = []
    run(models, tasks, tmp_path / "broken", sandbox)
    assert models.asked == []


def test_tasks_on_services_are_run_with_their_own_tools_and_judged_by_what_is_there_in_the_end(
    models: Models, tmp_path: Path, sandbox: Backend
) -> None:
    write_tasks(tmp_path / "services.jsonl", ON_SERVICES)
    run(models, tmp_path / "services.jsonl", tmp_path / "out", sandbox, "--jobs", "1")
    assert Results(tmp_path / "out").settings().offered == ("notion", "monday")
    found = figures(tmp_path / "out")
    assert sorted((row["model"], row["verdict"]["score"], row["verdict"]["collateral"]) for row in found["runs"]) == [
        ("idle", 0, []),
        ("idle", 0, []),
        ("perfect", 10, []),
        ("perfect", 10, []),
    ]
    assert found["by_kind"]["perfect"]["changing"]["arguments_right"] == 1.0


def test_the_page_stands_alone_and_shows_what_a_model_wrote_as_text(
    models: Models, tasks: Path, tmp_path: Path, sandbox: Backend
) -> None:
    run(models, tasks, tmp_path / "out", sandbox, "--limit", "1")
    out, err = dualtune("report", tmp_path / "out", "--title", "A & B")
    assert "perfect                  mcpbench   ToolFit    100.0  (1 runs)" in out
    page = (tmp_path / "out" / "report.html").read_text()
    assert str(tmp_path / "out" / "report.html") in err.replace("\n", "")
    assert "<title>A &amp; B</title>" in page
    assert "I have &lt;b&gt;done&lt;/b&gt; it." in page
    assert "<b>done" not in page
    assert page.count("<svg") == 4
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "").replace(models.url, "").replace("http-equiv", "")
    dualtune("report", tmp_path / "out", "--title", "A & B")
    assert (tmp_path / "out" / "report.html").read_text() == page


def test_an_llm_judge_is_asked_once_for_each_run_and_compared(
    models: Models, tasks: Path, tmp_path: Path, sandbox: Backend
) -> None:
    run(models, tasks, tmp_path / "out", sandbox, "--limit", "1")
    replies = ['{"reasoning": "r", "score": 9}', "ten"]

    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"choices": [{"message": {"content": replies.pop(0)}}]})

    words = ("judge", tmp_path / "out", "--base-url", "http://judge.test/v1", "--model", "j", "--jobs", "1")
    with respx.mock:
        respx.post("http://judge.test/v1/chat/completions").mock(side_effect=reply)
        told = dualtune(*words)[1]
        assert "1 runs have a verdict, 1 are unscored" in told
        replies.append('{"reasoning": "r", "score": 0}')
        dualtune(*words)
        dualtune(*words)
    assert not replies
    found = figures(tmp_path / "out")
    assert [(row["verdict"]["score"], row["llm_score"]) for row in found["runs"]] == [(10, 9), (0, 0)]
    assert found["agreement"]["same"] == 0.5
    assert found["by_benchmark"]["perfect"]["mcpbench"]["llm_toolfit"] == 90.0


def test_what_cannot_be_run_is_said_in_one_line(models: Models, tasks: Path, tmp_path: Path, sandbox: Backend) -> None:
    out = tmp_path / "out"
    assert "offer it too" in run(models, tasks, out, sandbox, "--offer", "notion", status=1)
    assert "there is no toolset nothing" in run(models, tasks, out, sandbox, "--offer", "nothing", status=1)
    twice = dualtune("run", tasks, tasks, "--out", out, status=1)[1]
    assert "stands in two of these files" in twice
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").touch()
    assert "not a folder of results, nor empty" in run(models, tasks, tmp_path / "full", sandbox, status=1)
    Results(out).begin(_settings(), TASKS)
    assert "was begun with other base_url; name another folder" in run(models, tasks, out, sandbox, status=1)
    assert "has no run yet" in dualtune("report", out, status=1)[1]
    assert "made of demonstrations; name their file" in dualtune("make-tasks", "testset", "notion", status=1)[1]
    assert "name a folder of results" in dualtune("report", tmp_path / "none", status=1)[1]


def _settings() -> Settings:
    return Settings(tasks=digest(TASKS), base_url="elsewhere", models=("perfect", "idle"))


def test_a_recipe_runs_its_parts_and_shows_the_papers_numbers(
    models: Models, tmp_path: Path, sandbox: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tasks(tmp_path / "filesystem-mcpbench.jsonl", TASKS[:1])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("evaluation.tasks.files.SHIPPED", tmp_path)
    words = ("recipe", "table4", "--model", "perfect,dualtune-flat", "--base-url", models.url, "--max-steps", "9")
    out, _ = dualtune(*words, "--out", tmp_path / "out", "--sandbox", sandbox.name)
    assert [line.split() for line in out.splitlines()] == [
        ["queries", "perfect", "mcpbench", "toolfit", "100.0"],
        ["queries", "dualtune-flat", "mcpbench", "toolfit", "0", "(the", "paper:", "16.0)"],
        ["descriptions", "perfect", "mcpbench", "toolfit", "100.0"],
        ["descriptions", "dualtune-flat", "mcpbench", "toolfit", "0", "(the", "paper:", "25.8)"],
    ]
    out, _ = dualtune(*words, "--out", tmp_path / "out", "--sandbox", sandbox.name, "--json")
    figures = json.loads(out)
    assert [(figure["model"], figure["ours"], figure["paper"]) for figure in figures[2:]] == [
        ("perfect", 100.0, None),
        ("dualtune-flat", 0.0, 25.8),
    ]
    assert figures[2].items() >= {"part": "descriptions", "runs": 1, "low": 100.0, "high": 100.0}.items()
    settings = Results(tmp_path / "out" / "table4" / "descriptions").settings()
    assert (settings.described, settings.max_steps) == (True, 9)
    assert (tmp_path / "out" / "table4" / "queries" / "report.html").exists()


def test_of_two_models_one_selects_and_the_other_writes_the_arguments(
    models: Models, tmp_path: Path, sandbox: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`idle` never selects a tool, and made to call one writes no arguments."""
    write_tasks(tmp_path / "filesystem-mcpbench.jsonl", TASKS[:1])
    monkeypatch.setattr("evaluation.tasks.files.SHIPPED", tmp_path)
    words = ("recipe", "table2", "--model", "perfect,idle", "--base-url", models.url, "--out", tmp_path / "out")
    out, _ = dualtune(*words, "--elsewhere", f"idle={models.url}/", "--sandbox", sandbox.name)
    fits = {words[1]: words[-1] for words in map(str.split, out.splitlines())}
    assert fits.pop("perfect+perfect") == "100.0"
    assert fits == dict.fromkeys(["perfect+idle", "idle+perfect", "idle+idle"], "0")
    results = Results(tmp_path / "out" / "table2" / "table2")
    assert results.settings().elsewhere == {"idle": f"{models.url}/"}
    by_model = {name: evidence.trajectory for name, _, evidence in results.runs()}
    assert [call.arguments for call in by_model["perfect+idle"].steps[0].reply.calls] == ["{}"]
    first = by_model["perfect+perfect"].steps[0].reply
    assert first.usage == {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220}
    assert [stage["stage"] for stage in first.stages] == ["route", "select"]


def test_a_recipe_that_cannot_be_carried_out_says_why(tmp_path: Path) -> None:
    assert "name two models" in dualtune("recipe", "table2", "--model", "one", status=1)[1]
    assert "write MODEL=URL" in dualtune("recipe", "table2", "--elsewhere", "one", status=1)[1]
    nobody = ("--model", "one,two", "--elsewhere", "three=http://127.0.0.1:1")
    assert "three is none of the models" in dualtune("recipe", "table2", *nobody, status=1)[1]
    assert "there are: figure2, table1" in dualtune("recipe", "table9", status=1)[1]
