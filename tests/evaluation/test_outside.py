"""Benchmarks of others: what is asked of them, what is refused, what is kept. The packages themselves are stand-ins."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.commands import app
from evaluation.errors import EvaluationError
from evaluation.outside import BFCL, Case, Category, LangChain, environment, keep, read
from evaluation.outside import bfcl as leaderboard
from evaluation.outside import langchain as suite
from evaluation.outside.bfcl import GROUPS
from evaluation.records import Settings
from evaluation.report import Report, page

WAIT = 60

# The parts of bfcl-eval that the launcher touches, with three entries a category; what is right is that anything is.
BFCL_EVAL = {
    "constants/eval_config.py": """
        import os, pathlib
        ROOT = pathlib.Path(os.environ["BFCL_PROJECT_ROOT"])
        TEST_IDS_TO_GENERATE_PATH = ROOT / "test_case_ids_to_generate.json"
    """,
    "constants/model_config.py": """
        import dataclasses
        MODEL_CONFIG_MAPPING = {}
        ModelConfig = dataclasses.make_dataclass("ModelConfig", [
            "model_name", "display_name", "url", "org", "license", "model_handler", "is_fc_model", "underscore_to_dot"])
    """,
    "model_handler/api_inference/openai_completion.py": """
        import os, openai
        class OpenAICompletionsHandler:
            def __init__(self, model_name, temperature):
                self.model_name, self.temperature = model_name, temperature
                url, key = os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"]
                self.client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
            def _compile_tools(self, data, entry):
                return {"tools": [{"type": "function", "function": {"name": "f", "response": {}}}]}
            def generate_with_backoff(self, **request):
                return self.client.chat.completions.create(**request)
    """,
    "utils.py": """
        def load_dataset_entry(category):
            return [{"id": f"{category}_{number}"} for number in range(3)]
    """,
    "__main__.py": """
        import json
        from bfcl_eval.constants.eval_config import ROOT, TEST_IDS_TO_GENERATE_PATH
        from bfcl_eval.constants.model_config import MODEL_CONFIG_MAPPING
        def cli(words, standalone_mode):
            (ROOT / "words.log").open("a").write(" ".join(words) + "\\n")
            name = words[words.index("--model") + 1]
            for category, ids in json.loads(TEST_IDS_TO_GENERATE_PATH.read_text()).items():
                path = ROOT / "result" / name / "group" / f"BFCL_v4_{category}_result.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                entries = [json.loads(line) for line in path.open()] if path.exists() else []
                if words[0] == "generate":
                    config = MODEL_CONFIG_MAPPING[name]
                    handler = config.model_handler(config.model_name, float(words[words.index("--temperature") + 1]))
                    for id in ids:
                        if id not in {entry["id"] for entry in entries}:
                            entries.append(generate(handler, id))
                            path.write_text("".join(json.dumps(entry) + "\\n" for entry in entries))
                else:
                    scores = ROOT / "score" / name / "group" / f"BFCL_v4_{category}_score.json"
                    scores.parent.mkdir(parents=True, exist_ok=True)
                    score = {"accuracy": 1.0, "correct_count": len(entries), "total_count": len(entries)}
                    scores.write_text(json.dumps(score) + "\\n")
        def generate(handler, id):
            request = {"model": handler.model_name, "temperature": handler.temperature}
            request |= handler._compile_tools({}, {"id": id})
            try:
                reply = handler.generate_with_backoff(messages=[{"role": "user", "content": id}], **request)
                return {"id": id, "result": reply.choices[0].message.content}
            except Exception as error:
                return {"id": id, "result": f"Error during inference: {error}", "traceback": "..."}
    """,
}

LANGCHAIN_TESTS = {
    "integration_tests.py": """
        import pytest
        class ChatModelIntegrationTests:
            supports_image_inputs = False
            @pytest.fixture
            def model(self):
                return self.chat_model_class(**self.chat_model_params)
            def test_invoke(self, model):
                assert model.invoke("hello").content == "hello"
            async def test_ainvoke(self, model):
                assert (await model.ainvoke("hello")).content == "bye"
            def test_override(self, model):
                assert self.model_override_value == "other"
            def test_image_inputs(self):
                if not self.supports_image_inputs:
                    pytest.skip("no images")
            @pytest.mark.xfail(reason="known")
            def test_known(self):
                raise ValueError
    """
}


@dataclass
class Server:
    """Says what it is told. Entries in `refused` get an error, at those in `gone` it hangs up."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        self.asked.append(body)
        said = body["messages"][0]["content"]
        if said in self.gone:
            return None
        if said in self.refused:
            return 400, {"error": {"message": "too long"}}
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return 200, {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]} | {
            "choices": [choice],
            "usage": usage,
        }


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(200, {"object": "list", "data": [{"id": "dualtune"}, {"id": "other"}]})

        def do_POST(self) -> None:
            answer = served.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if answer is not None:
                self.reply(*answer)

        def reply(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        served.url = f"http://127.0.0.1:{web.server_port}/v1"
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield served
        web.shutdown()
        thread.join(WAIT)


def stand_in(folder: Path, package: str, files: dict[str, str]) -> Path:
    """An interpreter that sees `package`; the first of its words, which is to isolate it, is left out."""
    for name, text in files.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line[8:] for line in text.splitlines()))
    python = folder / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -I ] || exit 9\nshift\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


@pytest.fixture
def bfcl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = stand_in(tmp_path / "there", "bfcl_eval", BFCL_EVAL)
    monkeypatch.setattr(leaderboard, "environment", lambda name, report: python)


def run(*words: str | Path, status: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == status, (result.output, result.exception)
    return result.stdout, result.stderr.replace("\n", " ")


@pytest.mark.usefixtures("bfcl")
def test_a_run_of_the_leaderboard_asks_the_server_greedily_and_keeps_scores_by_category(
    server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command: list[str | Path] = ["bfcl", "--out", out, "--base-url", server.url, "--json", "--max-tokens", "77"]
    printed, _ = run(*command, "--category", "irrelevance,simple_python", "--limit", "2")
    record = BFCL(
        model="dualtune",
        base_url=server.url,
        max_tokens=77,
        versions=environment.versions("bfcl", "bfcl-eval", "openai"),
        categories=(
            Category(name="simple_python", right=2, of=2, whole=False),
            Category(name="irrelevance", right=2, of=2, whole=False),
        ),
    )
    assert BFCL.model_validate_json(printed) == record
    assert read(out / "bfcl.json") == record
    ids = ["simple_python_0", "simple_python_1", "irrelevance_0", "irrelevance_1"]
    settings = {"model": "dualtune", "temperature": 0.0, "max_tokens": 77}
    tools = [{"type": "function", "function": {"name": "f"}}]
    assert server.asked == [{"messages": [{"role": "user", "content": id}], "tools": tools, **settings} for id in ids]
    assert (out / "words.log").read_text().splitlines() == [
        "generate --model model --run-ids --temperature 0 --num-threads 4",
        "evaluate --model model --test-category simple_python,irrelevance --partial-eval",
    ]


@pytest.mark.usefixtures("bfcl")
def test_an_inference_error_refuses_the_run_and_the_same_command_asks_for_that_entry_again(
    server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command: list[str | Path] = ["bfcl", "--out", out, "--base-url", server.url, "--category", "irrelevance"]
    server.refused = {"irrelevance_1"}
    _, said = run(*command, status=1)
    assert "1 of 3 entries got no answer" in said
    assert "irrelevance_1: Error code: 400" in said
    assert not (out / "bfcl.json").exists()
    assert not (out / "score").exists()
    server.refused, server.asked = set(), []
    table, _ = run(*command)
    assert "100.0%" in table
    assert [body["messages"][0]["content"] for body in server.asked] == ["irrelevance_1"]
    assert [category.whole for category in leaderboard_record(out).categories] == [True]


def leaderboard_record(out: Path) -> BFCL:
    record = read(out / "bfcl.json")
    assert isinstance(record, BFCL)
    return record


@pytest.mark.usefixtures("bfcl")
def test_a_server_that_goes_away_ends_the_run_and_what_was_answered_stays(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command: list[str | Path] = ["bfcl", "--out", out, "--base-url", server.url, "--category", "irrelevance"]
    server.gone = {"irrelevance_1"}
    _, said = run(*command, status=1)
    assert "could not generate: ServerGone: Connection error." in said
    server.gone, server.asked = set(), []
    run(*command)
    assert [body["messages"][0]["content"] for body in server.asked] == ["irrelevance_1", "irrelevance_2"]


@pytest.mark.usefixtures("bfcl")
def test_a_folder_is_gone_on_with_by_the_same_settings_only(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command: list[str | Path] = ["bfcl", "--base-url", server.url, "--category", "irrelevance"]
    run(*command, "--out", out)
    _, said = run(*command, "--out", out, "--limit", "1", "--max-tokens", "5", status=1)
    assert "begun with other limit and max_tokens; name another folder" in said
    _, said = run(*command, "--out", tmp_path, status=1)
    assert "neither a run of BFCL nor empty" in said
    (out / "settings.json").write_text("{}")
    _, said = run(*command, "--out", out, status=1)
    assert "holds no run of BFCL" in said


def test_results_that_are_errors_or_were_cut_off_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "result" / "model" / "non_live" / "BFCL_v4_irrelevance_result.json"
    path.parent.mkdir(parents=True)
    good = ['{"id": "irrelevance_0", "result": "hello"}', '{"id": "irrelevance_3", "result": [{"f": "{}"}]}']
    bad = [
        '{"id": "irrelevance_1", "result": "Error during inference: timeout"}',
        '{"id": "irrelevance_2", "result": "hm", "traceback": "..."}',
        '{"id": "irrelevance_4", "resu',
    ]
    path.write_text("\n".join([good[0], *bad[:2], good[1], bad[2]]))
    leaderboard.forget_unanswered(tmp_path)
    assert path.read_text().splitlines() == good
    (tmp_path / "test_case_ids_to_generate.json").write_text('{"irrelevance": ["irrelevance_0", "irrelevance_1"]}')
    with pytest.raises(EvaluationError, match=r"1 of 2 entries got no answer.*irrelevance_1: it has no result"):
        leaderboard.refuse_unanswered(tmp_path)


def test_categories_are_named_singly_or_by_group() -> None:
    chosen = leaderboard.settings("m", "u", ("live_simple", "non_live", "irrelevance"), None, 10)
    assert chosen.categories == (*GROUPS["non_live"], "live_simple")
    with pytest.raises(EvaluationError, match="no category 'web_search_base' that runs without a network; there are"):
        leaderboard.settings("m", "u", ("web_search_base",), None, 10)


@pytest.mark.parametrize("command", ["bfcl", "langchain"])
def test_a_server_that_is_down_or_lacks_the_model_is_named(command: str, server: Server, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _, said = run(command, "--out", out, "--base-url", "http://127.0.0.1:9/v1", status=1)
    assert "no server answers at http://127.0.0.1:9/v1; start one (dualtune serve)" in said
    _, said = run(command, "--out", out, "--base-url", server.url, "--model", "mine", status=1)
    assert "has no model 'mine'; it has: dualtune, other" in said
    assert not out.exists()


@pytest.fixture
def langchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = stand_in(tmp_path / "there", "langchain_tests", LANGCHAIN_TESTS)
    monkeypatch.setattr(suite, "environment", lambda name, report: python)


@pytest.mark.usefixtures("langchain")
def test_the_suite_is_put_to_the_server_and_every_outcome_is_kept(server: Server, tmp_path: Path) -> None:
    out = tmp_path / "langchain.json"
    printed, _ = run("langchain", "--out", out, "--base-url", server.url, "--json")
    record = read(out)
    assert isinstance(record, LangChain)
    assert LangChain.model_validate_json(printed) == record
    assert {test.name: test.outcome for test in record.tests} == {
        "test_invoke": "passed",
        "test_ainvoke": "failed",
        "test_override": "passed",
        "test_image_inputs": "skipped",
        "test_known": "xfailed",
    }
    assert record.counts == {"passed": 2, "failed": 1, "skipped": 1, "xfailed": 1}
    assert record.declared == {"supports_image_inputs": False, "supports_json_mode": True}
    assert {body["model"] for body in server.asked} == {"dualtune"}


@pytest.mark.usefixtures("langchain")
def test_a_suite_during_which_the_server_went_away_is_refused(server: Server, tmp_path: Path) -> None:
    server.gone = {"hello"}
    _, said = run("langchain", "--out", tmp_path / "langchain.json", "--base-url", server.url, status=1)
    assert "the server did not answer in 2 tests, test_invoke the first; the run is refused" in said
    assert not (tmp_path / "langchain.json").exists()


def test_the_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_interpreter(tmp_path, "", monkeypatch)
    said: list[str] = []
    python = environment.environment("bfcl", said.append)
    assert environment.environment("bfcl", said.append) == python
    packages = Path(environment.__file__).with_name("bfcl.txt")
    assert calls.read_text().splitlines() == [
        f"-m venv {python.parent.parent}",
        f"-m pip install --no-deps --disable-pip-version-check --quiet --requirement {packages}",
    ]
    assert len(said) == 1


def test_an_environment_that_cannot_be_made_is_a_line_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = 'case "$2" in pip) echo "ERROR: No matching distribution" >&2; echo "hint" >&2; exit 1;; esac'
    fake_interpreter(tmp_path, fails, monkeypatch)
    with pytest.raises(EvaluationError, match="bfcl could not be made: No matching distribution; it takes a package"):
        environment.environment("bfcl", lambda _: None)
    fake_interpreter(tmp_path, "", monkeypatch)
    assert environment.environment("bfcl", lambda _: None).exists()


def fake_interpreter(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the interpreter: what it is called with is kept, and `script` decides what happens."""
    program, calls = folder / "program", folder / "calls"
    makes = 'case "$2" in venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; esac'
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{makes}\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(folder / "cache"))
    return calls


@pytest.mark.parametrize("name", ["bfcl", "langchain"])
def test_a_list_of_packages_holds_exact_versions_alone(name: str) -> None:
    lines = Path(environment.__file__).with_name(f"{name}.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#") and line.count("==") != 1] == []


def test_a_benchmark_is_not_given_variables_that_would_change_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_ORG_ID", "LANGSMITH_TRACING", "PYTEST_ADDOPTS", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "mine")
    given = environment.variables("http://here/v1", "key", {"MORE": "1"})
    changed = {name: value for name, value in given.items() if name.startswith(("OPENAI", "LANG", "PYTEST", "MORE"))}
    changed.pop("LANG", None)
    assert changed == {"OPENAI_BASE_URL": "http://here/v1", "OPENAI_API_KEY": "key", "MORE": "1"}


RECORDS = (
    BFCL(
        model="dualtune",
        base_url="http://here/v1",
        max_tokens=10,
        versions={"bfcl-eval": "1.2"},
        categories=(
            Category(name="irrelevance", right=1, of=4, whole=False),
            Category(name="multiple", right=2, of=4, whole=True),
        ),
    ),
    LangChain(
        model="dualtune",
        base_url="http://here/v1",
        versions={"langchain-tests": "3.4"},
        declared={"supports_image_inputs": False, "has_tool_calling": True},
        tests=(
            Case(name="test_invoke", outcome="passed", seconds=1.0),
            Case(name="test_agent_loop", outcome="failed", seconds=1.0, message="<b>no call</b>"),
        ),
    ),
)


def test_the_report_shows_the_records_and_marks_parts_of_a_category(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "plots", lambda report: {})
    settings = Settings(tasks="digest", base_url="http://here/v1", models=("dualtune",))
    report = Report(settings, 0, {}, {}, {}, {}, None, RECORDS, ())
    text = page.render(report, "a title")
    assert "<h2>Outside benchmarks</h2>" in text
    assert text.count("(only the first 4)") == 1
    assert "1 passed, 1 failed." in text
    assert "Declared as not offered:\nsupports_image_inputs." in text
    assert "&lt;b&gt;no call&lt;/b&gt;" in text
    assert page.as_json(report)["outside"] == [record.model_dump(mode="json") for record in RECORDS]
    assert "Outside" not in page.render(Report(settings, 0, {}, {}, {}, {}, None, (), ()), "a title")


def test_a_record_is_read_as_it_was_kept_and_other_files_are_refused(tmp_path: Path) -> None:
    for record in RECORDS:
        keep(record, tmp_path / "record.json")
        assert read(tmp_path / "record.json") == record
    (tmp_path / "record.json").write_text('{"benchmark": "mine"}')
    with pytest.raises(EvaluationError, match="name a file that was made by dualtune eval bfcl or"):
        read(tmp_path / "record.json")
    with pytest.raises(EvaluationError, match="cannot be read: No such file"):
        read(tmp_path / "missing.json")
