"""Every plan by its name."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.monday import chaining, finding, following, looking, reading, writing
from training.offline.monday.view import View
from training.offline.scene import Plan

_MODULES = (chaining, finding, following, looking, reading, writing)
PLANS: Mapping[str, Plan[View]] = {name: plan for module in _MODULES for name, plan in module.PLANS.items()}
"""For every heading of the bank."""
