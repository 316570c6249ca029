"""LangChain's standard integration tests, put to the server through its ChatOpenAI."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from evaluation.errors import EvaluationError
from evaluation.outside.endpoint import served_models
from evaluation.outside.environment import environment, run, variables, versions
from evaluation.outside.record import Case, LangChain, Outcome, keep
from toolsets.console import stderr
from training.display import Display

_SUITE = Path(__file__).parent / "inside" / "test_chat_openai.py"
# One event loop for all tests: ChatOpenAI keeps its connections, which do not outlive the loop that they were made in.
_OPTIONS = (
    *("-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", "--verbose", "-o", "asyncio_mode=auto"),
    *("-o", "asyncio_default_fixture_loop_scope=session", "-o", "asyncio_default_test_loop_scope=session"),
)
_RAN = (0, 1)
"""pytest's statuses when the tests were carried out, whatever came of them."""
_GONE = "ConnectionError"
"""In the names of the exceptions of openai and of langchain-openai, but for their timeouts."""
_LONGEST = 2000


def measure(model: str, base_url: str, api_key: str, out: Path, report: Callable[[str], None]) -> LangChain:
    """Run the suite; the record is kept in `out`. Raises EvaluationError, also where the server went away meanwhile."""
    others = [name for name in served_models(base_url, api_key, model) if name != model]
    python = environment("langchain", report)
    with TemporaryDirectory() as temporary, Display(stderr()) as display:
        folder = Path(temporary)
        # Apart from the package, which pytest would import, and whose needs are not in its environment.
        shutil.copy(_SUITE, folder)
        chosen = {"model": model, "base_url": base_url, "other_model": others[0] if others else None}
        more = {"DUALTUNE_BENCHMARK": json.dumps(chosen)}
        command: list[str | Path] = [python, "-I", "-m", "pytest", *_OPTIONS, "--junitxml", "junit.xml", _SUITE.name]
        log = folder / "log"
        status = run(command, folder, variables(base_url, api_key, more), log, _watch(display))
        if status not in _RAN:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["nothing"]
            raise EvaluationError(f"pytest could not run the tests (status {status}): {said[-1]}", "langchain")
        tests = tuple(read_junit((folder / "junit.xml").read_text(encoding="utf-8")))
        declared = json.loads((folder / "declared.json").read_text(encoding="utf-8"))
    gone = [test.name for test in tests if test.outcome == "failed" and _GONE in test.message]
    if gone:
        raise EvaluationError(
            f"the server did not answer in {len(gone)} tests, {gone[0]} the first; the run is refused, run it again",
            "base_url",
        )
    record = LangChain(
        model=model,
        base_url=base_url,
        versions=versions("langchain", "langchain-tests", "langchain-openai", "langchain-core", "openai"),
        declared=declared,
        tests=tests,
    )
    keep(record, out)
    return record


def _watch(display: Display) -> Callable[[str], None]:
    """Shows what pytest prints: first how many tests there are, then a line for each."""

    def show(line: str) -> None:
        if there := re.search(r"collected (\d+) item", line):
            display.begin("LangChain's tests", int(there[1]))
        elif re.search(r"::.* (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b", line):
            display.advance(1)

    return show


def read_junit(text: str) -> Iterator[Case]:
    """The tests of a file that pytest wrote. An expected failure is a skip of its own type there."""
    for case in ElementTree.fromstring(text).iter("testcase"):
        outcome, message = _outcome(case)
        yield Case(
            name=case.get("name", ""), outcome=outcome, seconds=float(case.get("time", "0")), message=message[:_LONGEST]
        )


def _outcome(case: ElementTree.Element) -> tuple[Outcome, str]:
    for child in case:
        message = child.get("message", "")
        if child.tag in ("failure", "error"):
            return "failed", message
        if child.tag == "skipped":
            return ("xfailed" if child.get("type") == "pytest.xfail" else "skipped"), message
    return "passed", ""
