"""What a user may say next after what."""

from __future__ import annotations

from collections.abc import Mapping

_NOW = ("now_in", "now_zone", "date_in", "day_in")
_CONVERTED = ("convert", "convert_zones", "occasion")

EARLIER: Mapping[str, tuple[str, ...]] = {
    "also_in": _NOW,
    "also_to": _CONVERTED,
    "other_time": _CONVERTED,
    "thanks": (*_NOW, *_CONVERTED, "now_here", "now_two"),
}
"""For each plan that follows on another, those that it may follow."""
