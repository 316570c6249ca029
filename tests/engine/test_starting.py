"""`dualtune serve` before it is ready: what cannot work is said in a line, and it can be stopped at any time."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from tests.engine.serving import ended, serving, wait_until

pytestmark = pytest.mark.engine


def refusal(folder: Path, *arguments: str) -> str:
    """The last line of standard error of a `dualtune serve` that ends by itself with exit code 1."""
    done = ended(folder, "serve", *arguments, limit=120)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    *_, last = done.stderr.splitlines()
    return last


def test_a_port_in_use_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(tmp_path, "--port", str(port))
    assert line == (
        f"dualtune: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose others with --host and --port"
    )


def test_a_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "no-model"
    assert refusal(tmp_path, "--port", "0", "--model", str(folder)) == (
        f"dualtune: --model {folder}: there is no such folder"
    )


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    line = refusal(tmp_path, "--port", "0", "--model", str(tmp_path))
    assert line.startswith(f"dualtune: --model {tmp_path.name}: ")


@pytest.mark.parametrize("option", ["no_such_option=1", "max_model_len=100000000"])
def test_an_option_that_the_engine_refuses_is_told(tmp_path: Path, option: str) -> None:
    line = refusal(tmp_path, "--port", "0", "--engine", option)
    assert line.startswith("dualtune: vLLM did not start: ")
    assert option.partition("=")[0] in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_still_loading_can_be_stopped(tmp_path: Path, model_dir: Path, number: signal.Signals) -> None:
    with serving(tmp_path, "--model", str(model_dir)) as server:
        wait_until(lambda: bool(server.engine_processes()), 120, "the engine's process has started")
        assert server.http.get("/ready").status_code == 503
        assert server.http.get("/health").status_code == 200
        (engine,) = server.engine_processes()
        server.process.send_signal(number)
        # As it is usual: what is asked to end ends by that signal, what is interrupted was not meant to go on.
        assert server.process.wait(60) == {signal.SIGTERM: -signal.SIGTERM, signal.SIGINT: 0}[number]
        wait_until(lambda: not Path(f"/proc/{engine}").exists(), 30, "the engine's process has ended")
    assert "Traceback" not in server.log.read_text()
