"""Scenarios over generated workspaces: chains of two to four tools, each needing the last."""

from evaluation.tasks.scenarios.filesystem.changing import CHANGING
from evaluation.tasks.scenarios.filesystem.comparing import COMPARING
from evaluation.tasks.scenarios.filesystem.desk import Desk
from evaluation.tasks.scenarios.filesystem.finding import FINDING

SCENARIOS = (*FINDING, *COMPARING, *CHANGING)

__all__ = ["SCENARIOS", "Desk"]
