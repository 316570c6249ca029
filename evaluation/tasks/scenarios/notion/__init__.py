"""Scenarios over the seeded Notion workspace: chains of two to five calls, each needing the last."""

from evaluation.tasks.scenarios.notion import changing, reading, writing
from evaluation.tasks.scenarios.notion.desk import Desk

# Tasks are numbered in this order.
SCENARIOS = (
    *reading.READING,
    changing.finished,
    writing.problems_counted,
    writing.reminded,
    writing.new_task,
    writing.minutes_kept,
    changing.called,
    changing.cleared,
    changing.more_hours,
    changing.minutes_sent,
    writing.renamed,
    changing.put_off,
)

__all__ = ["SCENARIOS", "Desk"]
