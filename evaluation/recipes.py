"""The paper's experiments by name, each as one or more experiments of ours, with the paper's own numbers beside them.

The paper's are of Qwen2.5-7B, with its own tasks and GPT-5 as the judge: they say what to look for, not what must come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from evaluation.errors import EvaluationError
from evaluation.two_models import BETWEEN

if TYPE_CHECKING:
    from evaluation.report.gather import Summary

ALL = ("filesystem", "notion", "monday")
ARMS = ("dualtune-flat", "dualtune-base", "dualtune-traditional", "dualtune")


@dataclass(frozen=True)
class Figure:
    """What a model reached in a part. `ours` is None where no run was scored; low, high: ToolFit's 95 % interval."""

    part: str
    model: str
    benchmark: str
    runs: int
    measure: str
    ours: float | None
    paper: float | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        ours = "unscored" if self.ours is None else f"{self.ours:.1f}" if self.ours > 1 else f"{self.ours:.3g}"
        theirs = "" if self.paper is None else f"  (the paper: {self.paper})"
        return f"{self.part:<16} {self.model:<22} {self.benchmark:<9} {self.measure} {ours}{theirs}"


@dataclass(frozen=True)
class Part:
    """One experiment. models: None for those that the user names; pairs: of these two each selects for each.

    tasks: the shipped files that are used. paper: ToolFit in the paper, by model and benchmark.
    """

    name: str
    tasks: tuple[str, ...] = ("filesystem-mcpbench",)
    models: tuple[str, ...] | None = None
    pairs: bool = False
    described: bool = False
    offered: tuple[str, ...] = ("filesystem",)
    paper_tools: bool = False
    max_steps: int = 20
    paper: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def models_of(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """What is run, where the user named these. Raises EvaluationError where pairs need two."""
        if not self.pairs:
            return self.models or named
        if len(named) != 2:
            raise EvaluationError("name two models, for example --model small,large", "model")
        return tuple(f"{selector}{BETWEEN}{writer}" for selector in named for writer in named)

    def figures(self, summaries: Mapping[str, Mapping[str, Summary]], measure: str) -> Iterator[Figure]:
        """summaries: by model and benchmark."""
        for model, by_benchmark in summaries.items():
            for benchmark, of in by_benchmark.items():
                known = self.paper.get((model, benchmark))
                figure = Figure(self.name, model, benchmark, of.runs, measure, getattr(of, measure), known)
                yield replace(figure, low=of.low, high=of.high) if measure == "toolfit" else figure


@dataclass(frozen=True)
class Recipe:
    """measure: the summary's figure that it is about."""

    name: str
    about: str
    parts: tuple[Part, ...]
    measure: str = "toolfit"


_TESTSET, _MCPBENCH, _BASE = "testset", "mcpbench", "dualtune-flat"
_FIGURE_2 = {(arm, _MCPBENCH): value for arm, value in zip(ARMS, (10.4, 16.0, 39.0, 61.5), strict=True)}


def _both(toolset: str) -> tuple[str, ...]:
    return (f"{toolset}-{_TESTSET}", f"{toolset}-{_MCPBENCH}")


def _application(toolset: str, tuned: tuple[float, float], base: tuple[float, float]) -> Part:
    """A third of Table 3, with the paper's numbers on TestSet and MCP-Bench: its own model's, and its base's."""
    paper = {
        (model, benchmark): value
        for model, values in (("dualtune", tuned), ("dualtune-base", base))
        for benchmark, value in zip((_TESTSET, _MCPBENCH), values, strict=True)
    }
    return Part(toolset, _both(toolset), offered=(toolset,), paper=paper)


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "figure2",
            "What each component adds: flat base, staged base, one traditional adapter, decoupled adapters.",
            (Part("figure2", _both("filesystem"), models=ARMS, paper=_FIGURE_2),),
        ),
        Recipe(
            "table1",
            "Models against each other on MCP-Bench-style tasks.",
            (Part("table1", paper={(_BASE, _MCPBENCH): 16.0}),),
        ),
        Recipe(
            "table2",
            "Selection by one of two models, arguments by the other, and the four ways to do so.",
            (Part("table2", pairs=True),),
        ),
        Recipe(
            "table3",
            "Models against each other on both benchmarks, in three applications.",
            (
                _application("filesystem", (66.4, 61.5), (7.0, 15.0)),
                _application("notion", (87.2, 71.8), (37.0, 33.4)),
                _application("monday", (55.8, 43.2), (45.4, 19.2)),
            ),
        ),
        Recipe(
            "table4",
            "Explicit task descriptions against fuzzed queries.",
            (
                Part("queries", paper={(_BASE, _MCPBENCH): 16.0}),
                Part("descriptions", described=True, paper={(_BASE, _MCPBENCH): 25.8}),
            ),
        ),
        Recipe(
            "long-lists",
            "The cost of long tool lists (section 3.5): the tools of one toolset, and of three.",
            (
                Part("one-toolset", paper_tools=True, paper={(_BASE, _MCPBENCH): 16.0}),
                Part("three-toolsets", offered=ALL, paper_tools=True, paper={(_BASE, _MCPBENCH): 10.4}),
            ),
        ),
        Recipe(
            "routing",
            "Routing alone: whether the first step goes to the right toolset of three.",
            tuple(
                Part(toolset, (f"{toolset}-{_MCPBENCH}",), offered=ALL, paper_tools=True, max_steps=1)
                for toolset in ALL
            ),
            measure="first_toolset_right",
        ),
    )
}


def recipe(name: str) -> Recipe:
    """Raises EvaluationError where there is no such recipe."""
    if name not in RECIPES:
        raise EvaluationError(f"there is no recipe {name!r}; there are: {', '.join(RECIPES)}", "name")
    return RECIPES[name]
