"""The `dualtune` command: what it offers, and how it ends when it cannot go on."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from server import __version__, cli
from server.cli import CommandError, main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `dualtune` with some arguments; gives its status, and what it wrote to its two outputs."""

    def run_with(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dualtune", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return run_with


def test_the_help_lists_every_command(run: Any) -> None:
    status, out, err = run("--help")
    commands = out.partition("Commands:")[2].split("\n")
    named = {line.split()[0]: line.split(maxsplit=1)[1] for line in commands if line.strip()}
    assert (status, err) == (0, "")
    assert {"serve", "doctor", "toolset"} <= set(named)
    assert named["serve"] == "Serve the OpenAI API on this machine."


def test_the_help_of_serve_names_the_settings(run: Any) -> None:
    status, out, _ = run("serve", "--help")
    assert status == 0
    flags = [word for line in out.splitlines() for word in line.split()[:1] if word.startswith("--")]
    assert flags == [
        "--config",
        "--model",
        "--adapters",
        "--toolsets",
        "--host",
        "--port",
        "--api-key",
        "--tensor-parallel-size",
        "--quantization",
        "--gpu-memory-utilization",
        "--max-model-len",
        "--engine",
        "--help",
    ]


def test_the_version_is_told(run: Any) -> None:
    assert run("--version") == (0, f"{__version__}\n", "")


def test_an_unknown_command_is_named(run: Any) -> None:
    status, out, err = run("dance")
    assert (status, out) == (2, "")
    assert "No such command 'dance'" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "99999"], "--port: Input should be less than or equal to 65535"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: there is no such settings file"),
        (["--engine", "x"], "--engine x: write NAME=VALUE, for example --engine max_num_seqs=16"),
        (["--model", "/nowhere"], "--model /nowhere: there is no such folder"),
    ],
)
def test_what_a_user_can_mend_ends_in_one_line(run: Any, arguments: list[str], message: str) -> None:
    status, out, err = run("serve", "--port", "0", *arguments)
    assert (status, out, err.splitlines()[-1]) == (1, "", f"dualtune: {message}")
    assert "Traceback" not in err


def test_an_error_is_shown_as_it_is_on_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "[red] is no markup here, " + "and nothing is folded " * 20

    def broken() -> None:
        raise CommandError(message)

    monkeypatch.setattr(cli, "app", broken)
    assert run() == (1, "", f"dualtune: {message}\n")


def test_only_the_command_that_is_called_is_imported(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name = "serve"

        def load(self) -> object:
            return called

    class Other:
        name = "other"

        def load(self) -> object:
            raise AssertionError("imported for nothing")

    def called() -> None:
        """Is called."""
        raise CommandError("called")

    monkeypatch.setattr(cli, "entry_points", lambda group: [Other(), Point()])
    assert run("serve") == (1, "", "dualtune: called\n")
