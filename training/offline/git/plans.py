"""Every plan for git, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from training.offline.git import following, looking, recovering, repeating, writing
from training.offline.git.scene import Scene
from training.offline.script import Task

PLANS: Mapping[str, Callable[[Scene], Task]] = {
    plan.__name__: plan for module in (looking, writing, repeating, recovering, following) for plan in module.PLANS
}
"""For every heading of the bank."""
