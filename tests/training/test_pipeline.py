"""`dualtune train TOOLSET`: from a server's tools to adapters in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from typer.testing import CliRunner

from server.cli import CommandError
from tests.training.teacher import COMPLETIONS, ENVIRONMENT, PID, SAY, URL, ScriptedTeacher, write_notes
from toolsets.commands import app as toolset_app
from toolsets.sandbox import Backend, backend
from training.commands import app
from training.run import RunFolder
from training.split import read_split
from training.trajectory import read_demonstrations

QUICK = ["rank=2", "epochs=1", "precision=float32", "target_modules=['q_proj']"]
SETTINGS = [part for item in QUICK for part in ("--set", item)]
ALL = ["notes/selector", "notes/arguments/say", "notes/summary"]


@pytest.fixture
def workplace(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toolset with two tools, an empty store and a base model, all named by the environment; no sandbox."""
    write_notes(tmp_path / "toolsets", SAY, PID)
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("DUALTUNE_MODEL", str(checkpoint))
    monkeypatch.setenv("DUALTUNE_TOOLSETS", json.dumps([str(tmp_path / "toolsets")]))
    monkeypatch.setenv("DUALTUNE_ADAPTERS", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("DUALTUNE_TEACHER_KEY", "secret")
    for module in ("training.pipeline", "training.teacher.commands"):
        monkeypatch.setattr(f"{module}.best_backend", lambda: backend("none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def teacher() -> Iterator[ScriptedTeacher]:
    scripted = ScriptedTeacher()
    with respx.mock:
        respx.post(COMPLETIONS).mock(side_effect=scripted)
        yield scripted


def train(*arguments: str, status: int = 0) -> str:
    """What the command prints to standard output. Raises what it raises."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.stdout


def pipeline(*arguments: str, count: int = 4) -> Any:
    fixed = ["notes", "--run", "run", "--count", str(count), "--teacher-url", URL, "--teacher-model", "tutor"]
    return json.loads(train(*fixed, "--test-tasks", "4", *SETTINGS, "--json", *arguments))


def installed(folder: Path) -> set[str]:
    store = folder / "store" / "tiny-llama"
    return {str(file.parent.relative_to(store)) for file in store.rglob("adapter_model.safetensors")}


def test_one_command_makes_installed_adapters_and_says_what_of(workplace: Path, teacher: ScriptedTeacher) -> None:
    made = pipeline("--price-in", "0.25", "--price-out", "2")
    assert (list(made["adapters"]), installed(workplace)) == (ALL, set(ALL))
    # Four answers with requests; of sixteen, four need one call for each tool, four two, and four none.
    answers = 4 + 2 * (4 + 4) + 3 * 4 + 4
    assert len(teacher.bodies) == answers
    assert made["teaching"] == {"teacher": "tutor", "url": URL, "count": 4, "seed": 0}
    assert made["taught"] == {
        "queries": {"say": 4, "pid": 4, "several tools": 4, "no tool": 4},
        "queries_discarded": {},
        "trajectories": 16,
        "trajectories_discarded": {},
        "input_tokens": answers * 1000,
        "output_tokens": answers * 100,
        "cost": pytest.approx(answers * (1000 * 0.25 + 100 * 2) / 1e6),
    }
    assert set(made["seconds"]) == {"queries", "trajectories", "examples", "prefixes", "adapters"}
    assert list(made["origin"]["trajectories"]) == ["trajectories.jsonl"]
    assert "notes/selector" in (workplace / "run" / "report.html").read_text()
    folder = RunFolder(workplace / "run")
    found = read_demonstrations(folder.trajectories)
    sides = read_split(folder.split, (one.id for one in found))
    assert {one.id for one in read_demonstrations(folder.test)} == set(sides.test)
    assert len(sides.test) == 4


def test_a_finished_run_asks_for_nothing_and_trains_nothing(
    workplace: Path, teacher: ScriptedTeacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pipeline()
    teacher.bodies.clear()
    monkeypatch.setattr("training.fit.Fit._train", None)
    again = pipeline()
    assert teacher.bodies == []
    assert again["adapters"] == before["adapters"]
    assert again["taught"] == before["taught"]


@pytest.mark.parametrize("number", [3, 12])
def test_a_run_that_broke_off_goes_on_without_paying_twice(
    number: int, workplace: Path, teacher: ScriptedTeacher
) -> None:
    """While it asked for requests, and while it carried them out."""
    teacher.before = lambda asked: httpx.Response(403) if asked == number else None
    with pytest.raises(CommandError, match="403"):
        pipeline("--at-once", "1")
    teacher.before = lambda asked: None
    broken_off = RunFolder(workplace / "run").manifest()
    made = pipeline("--at-once", "1")
    assert made["taught"]["trajectories"] == 16
    assert len(teacher.bodies) == made["taught"]["input_tokens"] / 1000 + 1
    assert made["created"] == broken_off.model_dump(mode="json")["created"]
    assert made["seconds"]["queries"] >= broken_off.seconds["queries"] > 0


def test_the_stages_one_by_one_are_the_same_as_the_whole(workplace: Path, teacher: ScriptedTeacher) -> None:
    common = ["--teacher-url", URL, "--teacher-model", "tutor", "--json"]
    asked = json.loads(train("queries", "notes", "--out", "q.jsonl", "--count", "4", *common))
    assert (asked["answers"], asked["tokens"], asked["cost"]) == (4, {"input": 4000, "output": 400}, None)
    acted = json.loads(train("trajectories", "notes", "q.jsonl", "--out", "t.jsonl", *common))
    assert (acted["trajectories"], acted["new"], acted["discarded"]) == (16, 16, {})
    fitted = json.loads(train("fit", "t.jsonl", "--run", "fit", "--test-tasks", "4", *SETTINGS, "--json"))
    train("install", "fit")
    assert (list(fitted["adapters"]), installed(workplace)) == (ALL, set(ALL))


def test_a_new_tool_trains_the_selector_and_its_own_adapter_and_pays_for_no_request_again(
    workplace: Path, teacher: ScriptedTeacher
) -> None:
    pipeline()
    kept = (workplace / "store" / "tiny-llama" / "notes" / "arguments" / "say" / "manifest.json").read_bytes()
    tools = {tool.name: tool.parameters for tool in (SAY, PID, ENVIRONMENT)}
    (workplace / "server" / "schemas").write_text(json.dumps(tools))
    refresh = ["refresh", "notes", "--folder", str(workplace / "toolsets"), "--sandbox", "none", "--json"]
    changed = json.loads(CliRunner().invoke(toolset_app, refresh, catch_exceptions=False).stdout)["notes"]
    assert (changed["added"], changed["stale"]["selector"]) == (["environment"], True)

    written = sum("response_format" in body for body in teacher.bodies)
    made = pipeline("--missing", "--run", "more", "--queries", "run/queries.jsonl")
    assert list(made["adapters"]) == ["notes/selector", "notes/arguments/environment"]
    assert sum("response_format" in body for body in teacher.bodies) == written + 1
    assert made["taught"]["queries"] == dict.fromkeys(("say", "pid", "environment", "several tools", "no tool"), 4)
    assert installed(workplace) == {*ALL, "notes/arguments/environment"}
    assert (workplace / "store/tiny-llama/notes/arguments/say/manifest.json").read_bytes() == kept

    teacher.bodies.clear()
    result = CliRunner().invoke(app, ["notes", "--missing", "--json"], catch_exceptions=False)
    assert (result.exit_code, teacher.bodies, json.loads(result.stdout)) == (0, [], {"adapters": {}})
    assert "the store has every adapter, for the tools as they are" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--count", "5"], "run has a run of another teacher, count or seed; name another folder"),
        (["--teacher-model", "tutor-2"], "run has a run of another teacher, count or seed"),
        (["--set", "rank=4"], "run has a run with other hyperparameters"),
        (["--price-in", "1"], "give --price-in and --price-out, or neither"),
        (["--teacher-url", "teacher.test"], "--teacher-url teacher.test: write a URL such as"),
    ],
)
def test_a_folder_with_another_run_is_refused_before_anything_is_paid(
    arguments: list[str], message: str, workplace: Path, teacher: ScriptedTeacher
) -> None:
    teacher.before = lambda asked: httpx.Response(403)
    with pytest.raises(CommandError, match="403"):
        pipeline("--at-once", "1")
    teacher.bodies.clear()
    with pytest.raises(CommandError, match=message):
        pipeline(*arguments)
    assert teacher.bodies == []


def test_what_cannot_be_taught_is_named_and_leaves_no_folder(workplace: Path) -> None:
    for toolset, message in (
        ("nots", "there is no toolset 'nots'; there are: notes"),
        ("notes", "nobody has written intents for the toolset 'notes'"),
    ):
        with pytest.raises(CommandError, match=message):
            train(toolset, "--run", "run")
    assert not (workplace / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--queries", "q.jsonl"], "--queries and prices are for a cloud teacher: give --teacher-url too"),
        (["--price-in", "1"], "--queries and prices are for a cloud teacher"),
    ],
)
def test_what_only_a_cloud_teacher_has_is_refused_without_one(
    arguments: list[str], message: str, workplace: Path
) -> None:
    with pytest.raises(CommandError, match=message):
        train("notes", *arguments)


def test_several_processes_are_told_to_take_the_stages_apart(
    workplace: Path, teacher: ScriptedTeacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(CommandError, match=r"are for one process; run .*, and then `accelerate launch`"):
        pipeline()
    assert teacher.bodies == []


def test_a_stage_is_called_by_its_name_and_a_toolset_of_that_name_by_run(workplace: Path) -> None:
    (workplace / "toolsets" / "notes").rename(workplace / "toolsets" / "fit")
    with pytest.raises(CommandError, match="name is 'notes', the folder 'fit'"):
        train("run", "fit")
    assert "Train adapters from trajectories" in train("fit", "--help")


class TestOffline:
    """The real filesystem server and a tiny model, without a cloud."""

    @pytest.fixture(autouse=True)
    def cache_folder(self) -> None:
        """The machine's own: the server is installed there."""

    def test_the_filesystem_pipeline_without_a_cloud(
        self, tmp_path: Path, checkpoint: Path, servers: None, sandbox: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        (tmp_path / "store").mkdir()
        adapters = ["selector", "arguments/read_text_file", "arguments/write_file", "arguments/list_directory"]
        places = ["--model", str(checkpoint), "--adapters", str(tmp_path / "store"), "--run", str(tmp_path / "run")]
        wanted = [part for name in adapters for part in ("--adapter", name)]
        shown = train(
            *("filesystem", *places, *wanted, "--count", "3", "--test-tasks", "14", *SETTINGS),
            *("--set", "max_tokens=3000", "--json"),
        )
        made = json.loads(shown)
        assert list(made["adapters"]) == [f"filesystem/{name}" for name in adapters]
        assert made["teaching"] == {"teacher": "offline", "url": None, "count": 3, "seed": 0}
        assert made["taught"]["trajectories"] == 3 * 14
        assert sum(made["demonstrations"].values()) == 3 * 14
        assert installed(tmp_path) == set(made["adapters"])
