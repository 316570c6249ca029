"""`dualtune agent` with the embedded model on a running server, as a user starts it: whatever the model decides."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from evaluation.workspaces import Spec, build
from tests.engine.serving import COMMAND, Server, own_environment, wait_until
from toolsets import Registry
from toolsets.registry import PACKAGED
from toolsets.sandbox import Backend
from toolsets.trajectory import Trajectory, read_trajectory

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("servers")]

WAIT = 200.0


class Agent:
    """Starts the command on a task over two toolsets, with a workspace of its own."""

    def __init__(self, server: Server, folder: Path, sandbox: Backend) -> None:
        self.server, self.folder, self.file = server, folder, folder / "run.json"
        self.root = folder / "work space"
        build(Spec("office", "small", 5)).write(self.root)
        self.fixed = ["--toolset", "filesystem", "--toolset", "time", "--root", str(self.root)]
        self.fixed += ["--base-url", f"{server.url}/v1", "--json", str(self.file), "--sandbox", sandbox.name]

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [COMMAND, "agent", "List the files of my workspace and say what they are about.", *self.fixed]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*command, *options], env=own_environment(self.folder), stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *options: str) -> tuple[int, str, str, Trajectory]:
        with self.start(*options) as process, ExitStack() as stack:
            stack.callback(process.kill)
            out, err = process.communicate(timeout=WAIT)
        assert "Traceback" not in err
        return process.returncode, out, err, read_trajectory(self.file)


@pytest.fixture
def agent(server: Server, tmp_path: Path, sandbox: Backend) -> Agent:
    return Agent(server, tmp_path, sandbox)


def test_a_task_is_worked_on_and_everything_is_recorded(agent: Agent) -> None:
    status, out, err, done = agent.run("--max-steps", "3", "--max-seconds", "60", "--max-tokens", "100")
    assert status == (0 if done.outcome == "answered" else 1), err
    assert done.outcome in ("answered", "step_limit", "repeated", "time_limit"), err
    assert out == ("" if done.answer is None else f"{done.answer}\n")
    registry = Registry.load(PACKAGED)
    assert done.toolsets == {name: registry.toolsets[name].digest for name in ("filesystem", "time")}
    offered = {tool.name for name in done.toolsets for tool in registry.toolsets[name].tools}
    for number, step in enumerate(done.steps, 1):
        assert f"step {number}" in err
        assert [seen.call for seen in step.calls] == list(step.reply.calls[: len(step.calls)])
        assert {seen.tool for seen in step.calls} <= offered
        assert step.reply.usage is not None
        assert step.reply.stages
        for stage in step.reply.stages:
            if stage["confidence"] is not None:  # as it is where the stage chose
                assert 0 <= stage["confidence"] <= 1
                assert f"{stage['stage']} {stage['choice']} ({stage['confidence']:.0%}, " in err
    assert [message["role"] for message in done.messages[:2]] == ["system", "user"]


def test_a_run_ends_at_its_time_limit(agent: Agent) -> None:
    status, _, err, done = agent.run("--max-seconds", "1", "--max-steps", "1000")
    # A model that was quicker than that has answered, or gone round in circles.
    assert (status, done.outcome) in ((1, "time_limit"), (0, "answered"), (1, "repeated")), err
    assert done.seconds < 30


def test_ctrl_c_while_the_model_decodes_leaves_a_whole_record_and_frees_the_server(agent: Agent) -> None:
    # An earlier run may still be on its way out.
    wait_until(lambda: agent.server.metric("vllm:num_requests_running") == 0, 30, "the server is free")
    with agent.start() as process, ExitStack() as stack:
        stack.callback(process.kill)
        wait_until(lambda: agent.server.metric("vllm:num_requests_running") == 1, WAIT, "the model decodes")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WAIT)
    assert process.returncode == 130
    assert err.splitlines()[-1].endswith("interrupted")
    left = read_trajectory(agent.file)
    assert (left.outcome, left.answer) == ("interrupted", None)
    wait_until(lambda: agent.server.metric("vllm:num_requests_running") == 0, 30, "the server is free again")
