"""Hand-written scenarios for tasks in the manner of MCP-Bench, by toolset: chains of calls, each needing the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluation.tasks.scenarios import filesystem, monday, notion
from evaluation.tasks.scenarios.drawing import Draft, Unfit

Scenario = Callable[[Any], Draft]
"""Draws a task from a desk of its toolset. Raises Unfit where there is none to be drawn."""
SCENARIOS: Mapping[str, tuple[Scenario, ...]] = {
    "filesystem": filesystem.SCENARIOS,
    "notion": notion.SCENARIOS,
    "monday": monday.SCENARIOS,
}

__all__ = ["SCENARIOS", "Draft", "Scenario", "Unfit"]
