"""Scores and figures of a folder of results."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from statistics import fmean
from typing import Literal

from evaluation.errors import EvaluationError
from evaluation.judge import Evidence, LLMVerdict, Verdict, judge
from evaluation.judge.agreement import Agreement, agreement
from evaluation.judge.grounding import grounded
from evaluation.judge.measures import Measures, mean, measure
from evaluation.judge.stages import Blame, Decision, blame, decisions, stopped
from evaluation.outside import BFCL, LangChain
from evaluation.records import Results, Settings
from evaluation.tasks import Task
from toolsets import Registry, Tool
from toolsets.registry import SEPARATOR

_RESAMPLES = 2000
_BINS = 10


@dataclass(frozen=True)
class Row:
    """One run. verdict is None where the model gave no answer: such a run has no score."""

    model: str
    task: Task
    evidence: Evidence
    verdict: Verdict | None
    measures: Measures
    blame: Blame | None
    stopped: bool | None
    grounded: float | None
    decisions: tuple[Decision, ...]
    llm: LLMVerdict | None


@dataclass(frozen=True)
class Summary:
    """Means over runs. toolfit: as the paper prints it, 10 x the mean score, with its 95 % interval (bootstrap).

    Shares are from 0 to 1, tokens and seconds for a run. unscored: runs to which the model gave no answer. stopped: of
    the runs in which all was done, those that ended then. grounded: of the facts in an answer after calls, those that
    stand in what was said before.
    """

    runs: int
    unscored: int
    toolfit: float | None
    low: float | None
    high: float | None
    llm_toolfit: float | None
    perfect: float | None
    collateral: float | None
    said: float | None
    stopped: float | None
    grounded: float | None
    tools_right: float | None
    arguments_right: float | None
    first_toolset_right: float | None
    first_tool_right: float | None
    valid: float | None
    succeeded: float | None
    steps: float | None
    prompt_tokens: float | None
    completion_tokens: float | None
    seconds: float | None
    blame: Mapping[str, int]


@dataclass(frozen=True)
class Bin:
    """Choices of about one confidence: its mean, how often they were right, how many there are."""

    confidence: float
    right: float
    count: int


@dataclass(frozen=True)
class Calibration:
    """error: expected calibration error, the mean distance of confidence and rightness over bins by their counts."""

    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Report:
    """Summaries by model and by benchmark (`all` for both), and by tool of the reference plans; rows for the page.

    outside: what benchmarks of others came to.
    """

    settings: Settings
    missing: int
    by_benchmark: Mapping[str, Mapping[str, Summary]]
    by_kind: Mapping[str, Mapping[str, Summary]]
    by_tool: Mapping[str, Mapping[str, Summary]]
    calibration: Mapping[str, Mapping[Literal["route", "select"], Calibration]]
    agreement: Agreement | None
    outside: tuple[BFCL | LangChain, ...]
    rows: tuple[Row, ...]


def gather(results: Results, registry: Registry, outside: tuple[BFCL | LangChain, ...] = ()) -> Report:
    """Judge every run, and sum up. Raises EvaluationError where there are none."""
    settings = results.settings()
    offered = _offered(registry, settings.offered)
    rows = tuple(
        Row(
            model=model,
            task=task,
            evidence=evidence,
            verdict=None if evidence.is_unanswered else judge(task, evidence),
            measures=measure(task, evidence, offered),
            blame=blame(task, evidence),
            stopped=stopped(task, evidence),
            grounded=grounded(evidence.trajectory),
            decisions=tuple(decisions(task, evidence)),
            llm=results.verdict(model, task),
        )
        for model, task, evidence in results.runs()
    )
    if not rows:
        raise EvaluationError(f"{results.folder} has no run yet; run: dualtune eval run", "folder")
    both = [(row.verdict.score, row.llm.score) for row in rows if row.verdict and row.llm and row.llm.score is not None]
    return Report(
        settings=settings,
        missing=len(results.tasks()) * len(settings.models) - len(rows),
        by_benchmark=_by_model(rows, lambda row: [row.task.benchmark]),
        by_kind=_by_model(rows, lambda row: ["changing" if row.task.changes_workspace else "reading"]),
        by_tool=_by_model(rows, lambda row: sorted({call.tool for call in row.task.reference}) or ["none"]),
        calibration=_calibrations(rows),
        agreement=agreement(both),
        outside=outside,
        rows=rows,
    )


def _offered(registry: Registry, names: Iterable[str]) -> dict[str, Tool]:
    """Tools by the names that `toolsets.toolbox` offers them under."""
    both = [(name, tool) for name in names for tool in registry.toolsets[name].tools]
    count = Counter(tool.name for _, tool in both)
    return {tool.name if count[tool.name] == 1 else f"{name}{SEPARATOR}{tool.name}": tool for name, tool in both}


def summarise(rows: Sequence[Row]) -> Summary:
    """Means over what is known."""
    scored = [row for row in rows if row.verdict is not None]
    scores = [10.0 * row.verdict.score for row in scored if row.verdict]
    low, high = _interval(scores)
    measures = [row.measures for row in scored]
    return Summary(
        runs=len(rows),
        unscored=len(rows) - len(scored),
        toolfit=mean(scores),
        low=low,
        high=high,
        llm_toolfit=mean(10.0 * row.llm.score for row in scored if row.llm and row.llm.score is not None),
        perfect=mean(row.verdict.coverage == 1.0 for row in scored if row.verdict),
        collateral=mean(bool(row.verdict.collateral) for row in scored if row.verdict),
        said=mean(row.verdict.said for row in scored if row.verdict),
        stopped=mean(row.stopped for row in scored),
        grounded=mean(row.grounded for row in scored),
        tools_right=mean(each.tools_right for each in measures),
        arguments_right=mean(each.arguments_right for each in measures),
        first_toolset_right=mean(each.first_toolset_right for each in measures),
        first_tool_right=mean(each.first_tool_right for each in measures),
        valid=mean(each.valid for each in measures),
        succeeded=mean(each.succeeded for each in measures),
        steps=mean(each.steps for each in measures),
        prompt_tokens=mean(each.prompt_tokens for each in measures),
        completion_tokens=mean(each.completion_tokens for each in measures),
        seconds=mean(each.seconds for each in measures),
        blame=dict(sorted(Counter(row.blame for row in rows if row.blame).items())),
    )


def _by_model(rows: Iterable[Row], keys: Callable[[Row], Sequence[str]]) -> dict[str, dict[str, Summary]]:
    grouped: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for key in keys(row):
            grouped[row.model][key].append(row)
    return {
        model: {key: summarise(together) for key, together in sorted(groups.items())}
        for model, groups in grouped.items()
    }


def _calibrations(rows: Iterable[Row]) -> dict[str, dict[Literal["route", "select"], Calibration]]:
    made: dict[str, dict[Literal["route", "select"], list[Decision]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for decision in row.decisions:
            made[row.model][decision.stage].append(decision)
    return {model: {stage: calibrate(of) for stage, of in stages.items()} for model, stages in made.items()}


def calibrate(made: Sequence[Decision]) -> Calibration:
    """Ten bins of equal width, the empty ones left out."""

    def place(decision: Decision) -> int:
        return min(int(decision.confidence * _BINS), _BINS - 1)

    bins = []
    for _, group in groupby(sorted(made, key=place), place):
        together = list(group)
        confidence = fmean(decision.confidence for decision in together)
        bins.append(Bin(confidence, fmean(decision.right for decision in together), len(together)))
    error = sum(abs(each.confidence - each.right) * each.count for each in bins) / max(len(made), 1)
    return Calibration(error, tuple(bins))


def _interval(scores: Sequence[float]) -> tuple[float | None, float | None]:
    """The middle 95 % of the means of resamples; the same scores give the same interval."""
    if not scores:
        return None, None
    random = Random(0)
    means = sorted(fmean(random.choices(scores, k=len(scores))) for _ in range(_RESAMPLES))
    return means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]
