"""Which arguments of each tool are always put together of what was said, so that a server can hold a model to it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from server.constraints.copying import is_copied, words
from server.conversation import said
from toolsets import Toolset
from training.steps import steps
from training.trajectory import Demonstration

_SHARE = 0.98
"""How many of an argument's values must be copied; the rest are slips of the teacher and of its users."""
_FEWEST = 50
"""An argument with fewer values than that may only seem to be copied always."""


def copied_arguments(
    demonstrations: Iterable[Demonstration], toolsets: Mapping[str, Toolset]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """By toolset and tool, the arguments that are. Raises TrainingError when the tools are not `toolsets`."""
    values: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    copied: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for demonstration in demonstrations:
        for step in steps(demonstration.trajectory, toolsets):
            if step.decision is None:
                continue
            known = words(said(step.messages))
            of = (step.decision.toolset, step.decision.tool.name)
            for name, value in json.loads(step.decision.arguments).items():
                if texts := _texts(value):
                    values[of][name] += 1
                    copied[of][name] += all(is_copied(text, known) for text in texts)
    return {
        of: tuple(
            sorted(name for name, count in counts.items() if count >= _FEWEST and copied[of][name] >= _SHARE * count)
        )
        for of, counts in values.items()
    }


def _texts(value: Any) -> list[str]:
    """A text, or a list of nothing but texts; else nothing."""
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) and all(isinstance(part, str) for part in value) else []
