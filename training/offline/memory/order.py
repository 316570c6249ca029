"""What a user may say next after what."""

from __future__ import annotations

from collections.abc import Mapping

_TOLD = ("open_one", "create_bare", "create_with", "observe")

EARLIER: Mapping[str, tuple[str, ...]] = {
    "it_observe": _TOLD,
    "it_relate": ("open_one", "create_bare", "create_with"),
    "it_forget": ("open_one",),
    "also_open": ("open_one", "search_first"),
    "also_search": ("search_word", "search_people"),
    "undo_create": ("create_bare", "create_with"),
    "undo_observe": ("observe",),
    "undo_relate": ("relate",),
    "undo_unrelate": ("unrelate",),
    "thanks": (*_TOLD, "search_word", "relate", "forget", "unobserve", "everything"),
}
"""For each plan that follows on another, those that it may follow."""
