"""How far the two judges agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean


@dataclass(frozen=True)
class Agreement:
    """Of `count` runs that both judges scored. Shares are from 0 to 1, differences (exact less LLM) in points of 10.

    correlation is Pearson's, None where one judge gave but one score.
    """

    count: int
    same: float
    within_one: float
    mean_difference: float
    mean_distance: float
    correlation: float | None


def agreement(scores: Sequence[tuple[int, int]]) -> Agreement | None:
    """Of pairs of an exact and an LLM's score; None without any."""
    if not scores:
        return None
    differences = [exact - other for exact, other in scores]
    try:
        related: float | None = correlation([exact for exact, _ in scores], [other for _, other in scores])
    except StatisticsError:
        related = None
    return Agreement(
        count=len(scores),
        same=fmean(difference == 0 for difference in differences),
        within_one=fmean(abs(difference) <= 1 for difference in differences),
        mean_difference=fmean(differences),
        mean_distance=fmean(abs(difference) for difference in differences),
        correlation=related,
    )
