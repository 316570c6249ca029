"""What a user may say next after what."""

from __future__ import annotations

from collections.abc import Mapping

_ADDED = ("add_one", "add_some", "add_all")
_READ = ("status", "log", "log_count", "last_commit", "unstaged", "staged", "branches_local")

EARLIER: Mapping[str, tuple[str, ...]] = {
    "show_it": ("last_commit",),
    "show_nth": ("log", "log_count"),
    "commit_it": _ADDED,
    "staged_now": _ADDED,
    "unstage_it": _ADDED,
    "checkout_it": ("create_branch", "create_branch_from"),
    "go_back": ("checkout",),
    "stage_these": ("status", "unstaged"),
    "thanks": (*_READ, *_ADDED, "commit", "checkout", "create_branch", "reset", "show_commit"),
}
"""For each plan that follows on another, those that it may follow."""
