"""Scenarios over the seeded monday.com account: chains of two to five calls, each needing the last."""

from evaluation.tasks.scenarios.monday.changing import CHANGING
from evaluation.tasks.scenarios.monday.desk import Desk
from evaluation.tasks.scenarios.monday.reading import READING

SCENARIOS = (*READING, *CHANGING)

__all__ = ["SCENARIOS", "Desk"]
