"""Titles, texts and the like, from `training/intents/notion/values.toml`."""

from __future__ import annotations

import functools

from training.offline import values as shared


class Values(shared.Values):
    """titles: of new pages. absent: titles that nothing has. hosts, pictures, endings: parts of an address."""

    titles: tuple[str, ...]
    lines: tuple[str, ...]
    items: tuple[str, ...]
    headings: tuple[str, ...]
    emoji: tuple[str, ...]
    hosts: tuple[str, ...]
    pictures: tuple[str, ...]
    endings: tuple[str, ...]
    absent: tuple[str, ...]


@functools.cache
def values() -> Values:
    return shared.read_values("notion", Values)
