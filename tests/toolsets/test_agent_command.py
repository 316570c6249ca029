"""`dualtune agent` with a scripted model behind a real port, and real tools in the sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from tests.waiting import until
from toolsets import Registry, Tool, Toolset
from toolsets.agent_command import agent
from toolsets.registry import PACKAGED
from toolsets.trajectory import read_trajectory

WAIT = 60
STUB = Path(__file__).with_name("stub_server.py")


@dataclass
class Script:
    """What the model says, in order: calls as (name, arguments), or its answer. After the last it says nothing."""

    says: list[list[tuple[str, dict[str, Any]]] | str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    waiting: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: Request) -> Response:
        self.requests.append(await request.json())
        if not self.says:
            self.waiting.set()
            await asyncio.sleep(WAIT)
        said = self.says.pop(0)
        message: dict[str, Any] = {"role": "assistant", "content": said if isinstance(said, str) else None}
        if not isinstance(said, str):
            message["tool_calls"] = [
                {"id": f"{name}-1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for name, arguments in said
            ]
        finish = "stop" if isinstance(said, str) else "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        body = {"id": "x", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice]}
        stages = [{"stage": "select", "choice": "summarize", "confidence": 0.875}]
        return JSONResponse(body | {"dualtune": {"stages": stages}})


@pytest.fixture
def script() -> Iterator[Script]:
    served = Script()
    app = Starlette(routes=[Route("/v1/chat/completions", served.answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        yield served
        server.should_exit = True
        thread.join(timeout=WAIT)


def run(*words: str | Path, status: int = 0) -> tuple[str, str]:
    app = typer.Typer()
    app.command()(agent)
    result = CliRunner().invoke(app, [str(word) for word in words], env={"OPENAI_API_KEY": "k"})
    assert result.exit_code == status, result.output
    return result.stdout, result.stderr


@pytest.mark.usefixtures("servers")
def test_a_task_over_three_toolsets_is_carried_out_in_the_sandbox(script: Script, tmp_path: Path, sandbox: Any) -> None:
    root = tmp_path / "work space"
    (root / "reports").mkdir(parents=True)
    (root / "reports" / "märz.txt").write_text("Ada leads the project.\n")
    ada = {"name": "Ada", "entityType": "person", "observations": ["leads the project"]}
    script.says = [
        [("search_files", {"path": str(root), "pattern": "**/*.txt"})],
        [("read_text_file", {"path": f"{root}/reports/märz.txt"})],
        [("create_entities", {"entities": [ada]}), ("get_current_time", {"timezone": "UTC"})],
        [("write_file", {"path": f"{root}/summary.txt", "content": "Ada leads.\n"})],
        [("read_text_file", {"path": "/etc/passwd"})],
        "I noted that Ada leads the project.",
    ]
    toolsets = [word for name in ("filesystem", "memory", "time") for word in ("--toolset", name)]
    out, err = run(
        "Who leads?", *toolsets, "--root", root, "--base-url", script.url, "--json", tmp_path / "run.json",
        "--sandbox", sandbox.name,
    )  # fmt: skip
    assert out == "I noted that Ada leads the project.\n"
    assert (root / "summary.txt").read_text() == "Ada leads.\n"
    assert "leads the project" in (root / "memory.jsonl").read_text()

    done = read_trajectory(tmp_path / "run.json")
    assert [(o.toolset, o.tool, o.result.is_error) for step in done.steps for o in step.calls] == [
        ("filesystem", "search_files", False),
        ("filesystem", "read_text_file", False),
        ("memory", "create_entities", False),
        ("time", "get_current_time", False),
        ("filesystem", "write_file", False),
        ("filesystem", "read_text_file", True),
    ]
    assert (done.outcome, done.model, done.base_url) == ("answered", "dualtune", script.url + "/")
    registry = Registry.load(PACKAGED)
    assert done.toolsets == {name: registry.toolsets[name].digest for name in ("filesystem", "memory", "time")}
    assert script.requests[-1]["messages"] == done.messages[:-1]
    assert len(script.requests[0]["tools"]) == 25
    assert str(root) in script.requests[0]["messages"][0]["content"]

    assert "step 6" in err
    assert "select summarize (88%)" in err
    assert "filesystem read_text_file" in err
    assert "Access denied" in err
    assert err.splitlines()[-1].startswith("6 steps, 6 calls, ")


# -- with the stub server, which needs nothing installed


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """The stub server's folder."""
    (tmp_path / "started").mkdir()
    return tmp_path / "started"


@pytest.fixture
def stub(tmp_path: Path, started: Path) -> list[str]:
    """The options that make the agent use the stub server, without a sandbox."""
    folder = tmp_path / "toolsets" / "stub"
    folder.mkdir(parents=True)
    schema = {"type": "object"}
    command = [sys.executable, "-I", str(STUB), str(started)]
    (folder / "toolset.toml").write_text(
        f'name = "stub"\ndescription = "A stub."\n\n[server]\ncommand = {json.dumps(command)}\n'
    )
    tools = [Tool(name, "", schema) for name in ("pid", "hang", "say")]
    listed = [{"name": tool.name, "description": "", "inputSchema": schema} for tool in tools]
    digest = Toolset("stub", "", tuple(tools)).digest
    (folder / "tools.json").write_text(json.dumps({"digest": digest, "tools": listed, "left_out": []}))
    return ["--folder", str(folder.parent), "--toolset", "stub", "--sandbox", "none"]


@pytest.mark.parametrize(
    ("options", "status", "outcome", "ending"),
    [
        (["--max-steps", "1"], 1, "step_limit", "stopped: the limit of steps is reached (--max-steps)"),
        (["--max-seconds", "1"], 1, "time_limit", "stopped: the time is over (--max-seconds)"),
    ],
)
def test_a_run_that_reaches_a_limit_says_so(
    script: Script, stub: list[str], tmp_path: Path, options: list[str], status: int, outcome: str, ending: str
) -> None:
    script.says = [[("say", {"text": "hello"})]]
    out, err = run("Go.", *stub, *options, "--base-url", script.url, "--json", tmp_path / "run.json", status=status)
    assert out == ""
    assert err.splitlines()[-1].endswith(ending)
    assert read_trajectory(tmp_path / "run.json").outcome == outcome


def test_a_model_that_is_not_there_is_told_in_one_line(stub: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    _, err = run("Go.", *stub, "--base-url", url, "--json", tmp_path / "run.json", status=1)
    assert f"failed: {url}/ cannot be reached" in err.splitlines()[-1]
    assert read_trajectory(tmp_path / "run.json").outcome == "failed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--toolset", "nothing"], "dualtune: there is no toolset 'nothing'; there are: filesystem,"),
        (["--json", "/nowhere/run.json"], "dualtune: --json /nowhere/run.json: there is no folder /nowhere"),
        (["--sandbox", "none"], "dualtune: the toolset filesystem works on a folder; name one"),
        (["--sandbox", "none", "--root", "/nowhere"], "dualtune: the workspace /nowhere is not a folder"),
        (["--sandbox", "none", "--toolset", "notion"], "dualtune: the notion server "),
    ],
)
def test_what_is_missing_is_told_in_one_line(words: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTION_TOKEN", raising=False)
    out, err = run("Go.", *words, status=1)
    assert out == ""
    assert err.startswith(message)
    assert len(err.splitlines()) == 1


def start(*words: str | Path) -> subprocess.Popen[str]:
    program = "import typer; from toolsets.agent_command import agent; typer.run(agent)"
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_a_whole_trajectory_and_no_server(
    script: Script, stub: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    script.says = [[("pid", {})]]
    file = tmp_path / "run.json"
    with start("Go.", *stub, "--base-url", script.url, "--json", file) as process:
        assert script.waiting.wait(timeout=WAIT)
        process.send_signal(number)
        out, err = process.communicate(timeout=WAIT)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].endswith("interrupted")
    left = read_trajectory(file)
    assert (left.outcome, len(left.steps)) == ("interrupted", 1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(left.steps[0].calls[0].result.text), 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_while_its_servers_start_leaves_a_trajectory_too(
    stub: list[str], started: Path, tmp_path: Path, number: signal.Signals
) -> None:
    (started / "mute").touch()
    file = tmp_path / "run.json"
    with start("Go.", *stub, "--json", file) as process:
        until(lambda: any(started.glob("start-*")))
        process.send_signal(number)
        _, err = process.communicate(timeout=WAIT)
    assert process.returncode == 130
    assert err.splitlines()[-1].endswith("interrupted")
    left = read_trajectory(file)
    assert (left.outcome, left.steps) == ("interrupted", ())
