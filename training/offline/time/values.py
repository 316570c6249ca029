"""Places and times as people name them, from `training/intents/time/values.toml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from training.offline import values as shared


class Values(shared.Values):
    """places: by time zone, what lies in it, by the names that people use. abbreviations: of time zones.

    misnamed: names of time zones that there are not, each with the one that is meant. occasions: what happens at some
    time.
    """

    places: Mapping[str, tuple[str, ...]]
    abbreviations: Mapping[str, str]
    misnamed: Mapping[str, str]
    occasions: tuple[str, ...]


@functools.cache
def values() -> Values:
    return shared.read_values("time", Values)
