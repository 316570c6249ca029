"""Hand-written scenarios for tasks in the manner of MCP-Bench: chains of two to four tools, each needing the last."""

from evaluation.tasks.scenarios.changing import CHANGING
from evaluation.tasks.scenarios.comparing import COMPARING
from evaluation.tasks.scenarios.desk import Desk, Draft, Unfit
from evaluation.tasks.scenarios.finding import FINDING

SCENARIOS = (*FINDING, *COMPARING, *CHANGING)

__all__ = ["SCENARIOS", "Desk", "Draft", "Unfit"]
