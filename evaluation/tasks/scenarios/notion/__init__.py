"""Scenarios over the seeded Notion workspace: chains of two to five calls, each needing the last."""

from evaluation.tasks.scenarios.notion.changing import CHANGING
from evaluation.tasks.scenarios.notion.desk import Desk
from evaluation.tasks.scenarios.notion.reading import READING

SCENARIOS = (*READING, *CHANGING)

__all__ = ["SCENARIOS", "Desk"]
