"""What an answer says of its own making: OpenAI's `usage`, and our `dualtune` field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from server.decode.events import StageDone
from server.prompt import SUMMARIZE, Stage


def usage(choices: Sequence[Sequence[StageDone]]) -> dict[str, Any]:
    """OpenAI's usage of `n` choices, from the reports of their stages.

    `prompt_tokens` is the longest prompt of the step, which is what fills the context; `cached_tokens` is what the
    first stage found in the prefix cache, so what the client's history saved. `completion_tokens` counts what the
    client sees (arguments, text), for all choices; what routing and selecting took stands in `dualtune.stages`.
    """
    reports = [report for stages in choices for report in stages]
    prompt = max((report.prompt_tokens for report in reports), default=0)
    cached = next((report.cached_tokens for report in reports if report.prompt_tokens), 0)
    completion = sum(report.completion_tokens for report in reports if _is_shown(report))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _is_shown(report: StageDone) -> bool:
    if report.stage is Stage.FLAT:
        return report.choice != SUMMARIZE
    return report.stage in (Stage.ARGUMENTS, Stage.ANSWER)


def stage_reports(index: int, reports: Iterable[StageDone]) -> list[dict[str, Any]]:
    """The stages of choice `index` as JSON; times in seconds."""
    return [{"index": index} | asdict(report) | {"stage": report.stage.value} for report in reports]
