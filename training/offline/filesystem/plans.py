"""Every plan by its name."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.filesystem import (
    amending,
    arranging,
    finding,
    following,
    listing,
    looking,
    moving,
    pointing,
    reading,
    recovering,
    repeating,
    searching,
    talking,
    writing,
)
from training.offline.filesystem.plan import Plan

_MODULES = (
    amending,
    arranging,
    finding,
    following,
    listing,
    looking,
    moving,
    pointing,
    reading,
    recovering,
    repeating,
    searching,
    talking,
    writing,
)
PLANS: Mapping[str, Plan] = {name: plan for module in _MODULES for name, plan in module.PLANS.items()}
"""For every heading of the bank."""
