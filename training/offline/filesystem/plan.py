"""What a plan for the filesystem is."""

from __future__ import annotations

from collections.abc import Callable

from training.offline.filesystem.scene import Scene
from training.offline.script import Task

Plan = Callable[[Scene], Task]
"""Draws what a request is about, and says how it is carried out. Raises Unfit where the workspace has no such thing."""


def named(*plans: Plan) -> dict[str, Plan]:
    """Plans by their functions' names, which are the headings in the bank."""
    return {plan.__name__: plan for plan in plans}
