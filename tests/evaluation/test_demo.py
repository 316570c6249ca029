"""The demo: its workspace, and the server that it finds or starts."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import typer

from evaluation import demo

ANSWERS = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


@pytest.fixture
def base_url() -> str:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def program(code: str, base_url: str) -> Callable[..., list[str]]:
    return lambda *arguments: [sys.executable, "-c", code, str(httpx.URL(base_url).port)]


def test_a_server_is_started_where_none_answers_and_ended_with_the_demo(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_dualtune", program(ANSWERS, base_url))
    with demo.server(base_url, tmp_path / "log"):
        assert httpx.get(base_url).is_success
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_a_server_that_answers_is_used_and_left_alone(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_dualtune", program(ANSWERS, base_url))
    with demo.server(base_url, tmp_path / "log"):
        monkeypatch.setattr(demo, "_dualtune", program("raise SystemExit(1)", base_url))
        with demo.server(base_url, tmp_path / "second"):
            pass
        assert httpx.get(base_url).is_success
    assert not (tmp_path / "second").exists()


def test_a_server_that_does_not_start_is_told_in_a_line(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "_dualtune", program("raise SystemExit('there is no such model')", base_url))
    with pytest.raises(typer.Exit), demo.server(base_url, tmp_path / "log"):
        pass
    assert "the server did not start: there is no such model" in capsys.readouterr().err


def test_the_tasks_name_what_is_in_the_workspace(tmp_path: Path) -> None:
    demo.lay_out(tmp_path / "garden")
    there = {str(path.relative_to(tmp_path / "garden")) for path in (tmp_path / "garden").rglob("*")}
    assert {"reports", "notes/watering.txt", "costs.txt"} <= there
    assert "archive" not in there
