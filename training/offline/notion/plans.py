"""Every plan by its name."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.notion import chaining, changing, finding, following, looking, querying, searching, writing
from training.offline.notion.view import View
from training.offline.scene import Plan

_MODULES = (chaining, changing, finding, following, looking, querying, searching, writing)
PLANS: Mapping[str, Plan[View]] = {name: plan for module in _MODULES for name, plan in module.PLANS.items()}
"""For every heading of the bank."""
