"""ToolFit: how much of what a task asks for stands in the raw results of tools and in the workspace (appendix D)."""

from evaluation.judge.evidence import Evidence, Left, collect, collect_service
from evaluation.judge.exact import Verdict, judge
from evaluation.judge.llm import Judge, LLMVerdict

__all__ = ["Evidence", "Judge", "LLMVerdict", "Left", "Verdict", "collect", "collect_service", "judge"]
