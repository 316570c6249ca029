"""The paper's experiments by name, each as one or more experiments of ours, with the paper's own numbers beside them.

The paper's are of Qwen2.5-7B, with its own tasks and GPT-5 as the judge: they say what to look for, not what must come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.errors import EvaluationError
from evaluation.two_models import BETWEEN

ALL = ("filesystem", "notion", "monday")
ARMS = ("dualtune-flat", "dualtune-base", "dualtune-traditional", "dualtune")


@dataclass(frozen=True)
class Part:
    """One experiment. models: None for those that the user names; pairs: of these two each selects for each.

    paper: ToolFit in the paper on MCP-Bench-style tasks, by model.
    """

    name: str
    models: tuple[str, ...] | None = None
    pairs: bool = False
    described: bool = False
    offered: tuple[str, ...] = ("filesystem",)
    paper_tools: bool = False
    max_steps: int = 20
    paper: Mapping[str, float] = field(default_factory=dict)

    def models_of(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """What is run, where the user named these. Raises EvaluationError where pairs need two."""
        if not self.pairs:
            return self.models or named
        if len(named) != 2:
            raise EvaluationError("name two models, for example --model small,large", "model")
        return tuple(f"{selector}{BETWEEN}{writer}" for selector in named for writer in named)


@dataclass(frozen=True)
class Recipe:
    """tasks: the shipped files that are used. measure: the summary's figure that it is about."""

    name: str
    about: str
    parts: tuple[Part, ...]
    tasks: tuple[str, ...] = ("filesystem-mcpbench",)
    measure: str = "toolfit"


_BOTH = ("filesystem-testset", "filesystem-mcpbench")
_FIGURE_2 = dict(zip(ARMS, (10.4, 16.0, 39.0, 61.5), strict=True))
_BASE = "dualtune-flat"

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "figure2",
            "What each component adds: flat base, staged base, one traditional adapter, decoupled adapters.",
            (Part("figure2", ARMS, paper=_FIGURE_2),),
            tasks=_BOTH,
        ),
        Recipe(
            "table1",
            "Models against each other on MCP-Bench-style tasks.",
            (Part("table1", paper={_BASE: 16.0}),),
        ),
        Recipe(
            "table2",
            "Selection by one of two models, arguments by the other, and the four ways to do so.",
            (Part("table2", pairs=True),),
        ),
        Recipe(
            "table3",
            "Models against each other on both benchmarks.",
            (Part("table3", paper={"dualtune": 61.5, "dualtune-base": 15.0}),),
            tasks=_BOTH,
        ),
        Recipe(
            "table4",
            "Explicit task descriptions against fuzzed queries.",
            (
                Part("queries", paper={_BASE: 16.0}),
                Part("descriptions", described=True, paper={_BASE: 25.8}),
            ),
        ),
        Recipe(
            "long-lists",
            "The cost of long tool lists (section 3.5): the tools of one toolset, and of three.",
            (
                Part("one-toolset", paper_tools=True, paper={_BASE: 16.0}),
                Part("three-toolsets", offered=ALL, paper_tools=True, paper={_BASE: 10.4}),
            ),
        ),
        Recipe(
            "routing",
            "Routing alone: whether the first step goes to the right toolset of three.",
            (Part("routing", offered=ALL, paper_tools=True, max_steps=1),),
            measure="first_toolset_right",
        ),
    )
}


def recipe(name: str) -> Recipe:
    """Raises EvaluationError where there is no such recipe."""
    if name not in RECIPES:
        raise EvaluationError(f"there is no recipe {name!r}; there are: {', '.join(RECIPES)}", "name")
    return RECIPES[name]
