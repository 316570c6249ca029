"""Names, texts and the like, from `training/intents/monday/values.toml`."""

from __future__ import annotations

import functools

from training.offline import values as shared


class Values(shared.Values):
    """items, groups: names of new ones. absent: names that no item has."""

    items: tuple[str, ...]
    groups: tuple[str, ...]
    lines: tuple[str, ...]
    absent: tuple[str, ...]


@functools.cache
def values() -> Values:
    return shared.read_values("monday", Values)
