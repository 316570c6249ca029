"""Every plan for the memory, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.memory import following, recalling, recovering, remembering, repeating
from training.offline.memory.graph import Graph
from training.offline.scene import Plan

PLANS: Mapping[str, Plan[Graph]] = {
    name: plan
    for module in (remembering, recalling, repeating, recovering, following)
    for name, plan in module.PLANS.items()
}
"""For every heading of the bank."""
