"""Scenarios over the seeded monday.com account: chains of two to five calls, each needing the last."""

from evaluation.tasks.scenarios.monday import changing, reading, writing
from evaluation.tasks.scenarios.monday.desk import Desk

# Tasks are numbered in this order.
SCENARIOS = (
    *reading.READING,
    changing.status_changed,
    changing.done_put_away,
    writing.own_group,
    writing.new_item,
    writing.progress_told,
    writing.answered,
    changing.rescheduled,
    changing.deal_won,
    writing.new_client,
    writing.broken_down,
    changing.next_week,
)

__all__ = ["SCENARIOS", "Desk"]
