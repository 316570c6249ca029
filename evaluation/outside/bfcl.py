"""The Berkeley Function-Calling Leaderboard, by its own package: https://github.com/ShishirPatil/gorilla.

A folder holds one run: bfcl-eval's own `result/` and `score/`, what it printed (bfcl.log), and what came of it
(bfcl.json). Of its 22 categories the 17 that run without a network: web_search needs a search service, memory_vector a
model from a hub, format_sensitivity models without function calling; of memory the other two would be there alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from evaluation.outside.endpoint import served_models
from evaluation.outside.environment import environment, run, variables, versions
from evaluation.outside.record import BFCL, Category, keep

GROUPS: Mapping[str, tuple[str, ...]] = {
    "non_live": (
        "simple_python",
        "simple_java",
        "simple_javascript",
        "multiple",
        "parallel",
        "parallel_multiple",
        "irrelevance",
    ),
    "live": (
        "live_simple",
        "live_multiple",
        "live_parallel",
        "live_parallel_multiple",
        "live_irrelevance",
        "live_relevance",
    ),
    "multi_turn": (
        "multi_turn_base",
        "multi_turn_miss_func",
        "multi_turn_miss_param",
        "multi_turn_long_context",
    ),
}

_LAUNCHER = Path(__file__).parent / "inside" / "bfcl.py"
_FAILED = "Error during inference:"
_IDS = TypeAdapter(dict[str, tuple[str, ...]])
_SIZES = TypeAdapter(dict[str, int])


class Settings(BaseModel):
    """limit: only the first so many entries of each category. max_tokens: of one reply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    base_url: str
    categories: tuple[str, ...]
    limit: int | None
    max_tokens: int
    bfcl_eval: str


class _Score(BaseModel):
    """The first line of a file of scores; the entries that were wrong follow."""

    correct_count: int
    total_count: int


def settings(model: str, base_url: str, categories: tuple[str, ...], limit: int | None, max_tokens: int) -> Settings:
    """Categories by name or by group. Raises EvaluationError where there is none of a name."""
    known = [name for group in GROUPS.values() for name in group]
    wanted: set[str] = set()
    for name in categories:
        if name not in GROUPS and name not in known:
            there = ", ".join([*GROUPS, *known])
            raise EvaluationError(
                f"there is no category {name!r} that runs without a network; there are: {there}", "category"
            )
        wanted |= set(GROUPS.get(name, (name,)))
    return Settings(
        model=model,
        base_url=base_url,
        categories=tuple(name for name in known if name in wanted),
        limit=limit,
        max_tokens=max_tokens,
        bfcl_eval=versions("bfcl", "bfcl-eval")["bfcl-eval"],
    )


def measure(chosen: Settings, out: Path, api_key: str, jobs: int, report: Callable[[str], None]) -> BFCL:
    """Generate and evaluate, or go on with it; the record is kept as bfcl.json in `out`.

    Raises EvaluationError where an entry got no answer: bfcl-eval would score the error as what the model said, and
    right where no call is wanted.
    """
    served_models(chosen.base_url, api_key, chosen.model)
    _begin(out, chosen)
    python = environment("bfcl", report)
    forget_unanswered(out)
    _launch("generate", python, chosen, out, api_key, jobs)
    refuse_unanswered(out)
    _launch("evaluate", python, chosen, out, api_key, jobs)
    record = BFCL(
        model=chosen.model,
        base_url=chosen.base_url,
        max_tokens=chosen.max_tokens,
        versions=versions("bfcl", "bfcl-eval", "openai"),
        categories=tuple(_scores(out)),
    )
    keep(record, out / "bfcl.json")
    return record


def _begin(out: Path, chosen: Settings) -> None:
    path = out / "settings.json"
    if path.exists():
        try:
            before = Settings.model_validate_json(path.read_bytes())
        except ValidationError:
            raise EvaluationError(f"{out} holds no run of BFCL; name another folder", "out") from None
        differing = [name for name, value in chosen if getattr(before, name) != value]
        if differing:
            raise EvaluationError(f"{out} was begun with other {' and '.join(differing)}; name another folder", "out")
        return
    if out.is_dir() and any(out.iterdir()):
        raise EvaluationError(f"{out} is neither a run of BFCL nor empty; name another folder", "out")
    write_whole(path, chosen.model_dump_json(indent=1) + "\n")


def _launch(
    step: Literal["generate", "evaluate"], python: Path, chosen: Settings, out: Path, api_key: str, jobs: int
) -> None:
    wanted = json.dumps(chosen.model_dump() | {"step": step, "jobs": jobs})
    more = {"BFCL_PROJECT_ROOT": str(out.absolute()), "PYTHONUNBUFFERED": "1"}
    log = out / "bfcl.log"
    status = run([python, "-I", _LAUNCHER, wanted], out, variables(chosen.base_url, api_key, more), log)
    if status != 0:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise EvaluationError(
            f"bfcl-eval could not {step}: {said[-1] if said else f'status {status}'} (all it said is in {log}); "
            "once that is mended the same command goes on",
            "bfcl",
        )


def forget_unanswered(out: Path) -> None:
    """bfcl-eval leaves out entries that have a result, and an error is one to it: without, they are asked again."""
    for path in _result_files(out):
        lines = path.read_text(encoding="utf-8").splitlines()
        good = [line for line in lines if (entry := _entry(line)) is not None and _error(entry) is None]
        if good != lines:
            write_whole(path, "".join(line + "\n" for line in good))


def refuse_unanswered(out: Path) -> None:
    """Raises EvaluationError unless every entry that was to be generated has an answer of the model."""
    entries = {
        entry["id"]: entry
        for path in _result_files(out)
        for line in path.read_text(encoding="utf-8").splitlines()
        if (entry := _entry(line)) is not None
    }
    wanted = [id for ids in _read(out / "test_case_ids_to_generate.json", _IDS).values() for id in ids]
    failed = {id: _error(entries[id]) if id in entries else "it has no result" for id in wanted}
    reasons = [f"{id}: {error}" for id, error in failed.items() if error is not None]
    if reasons:
        raise EvaluationError(
            f"{len(reasons)} of {len(wanted)} entries got no answer, and bfcl-eval would score that as the model's; "
            f"the run is refused. The first is {reasons[0]}. The same command asks for these again",
            "bfcl",
        )


def _scores(out: Path) -> Iterator[Category]:
    sizes = _read(out / "sizes.json", _SIZES)
    for name, ids in _read(out / "test_case_ids_to_generate.json", _IDS).items():
        found = list((out / "score").glob(f"**/BFCL_v*_{name}_score.json"))
        path = found[0] if found else out / "score" / name
        try:
            score = _Score.model_validate_json(path.read_text(encoding="utf-8").partition("\n")[0])
        except (OSError, ValidationError):
            raise EvaluationError(
                f"{path} is no file of scores, as this version of bfcl-eval writes them", "bfcl"
            ) from None
        if score.total_count != len(ids):
            raise EvaluationError(f"{path} scores {score.total_count} entries, not {len(ids)}; remove {out}", "bfcl")
        yield Category(name=name, right=score.correct_count, of=score.total_count, whole=len(ids) == sizes[name])


def _result_files(out: Path) -> list[Path]:
    return sorted((out / "result").glob("**/*_result.json"))


def _entry(line: str) -> dict[str, Any] | None:
    """None for a line that was cut off."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "id" in entry and "result" in entry else None


def _error(entry: Mapping[str, Any]) -> str | None:
    """Why the entry got no answer: bfcl-eval writes that in the place of the answer, with a traceback beside it."""
    said = entry["result"]
    if "traceback" in entry or (isinstance(said, str) and said.startswith(_FAILED)):
        return str(said).removeprefix(_FAILED).strip()
    return None


def _read(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise EvaluationError(f"{path} is missing or broken; remove {path.parent} and run again", "out") from None
