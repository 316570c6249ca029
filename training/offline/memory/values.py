"""Facts and relations to remember, from `training/intents/memory/values.toml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from training.offline import values as shared


class Verb(BaseModel):
    """What may relate a thing of one kind to one of another: `works on`, of which the relation is `works_on`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: str
    words: str
    object: str


class Values(shared.Values):
    """facts: by the kind of thing that they are about, as they follow on its name. places: real ones.

    common: words of facts that nobody searches for.
    """

    facts: Mapping[str, tuple[str, ...]]
    relations: tuple[Verb, ...]
    places: tuple[str, ...]
    common: tuple[str, ...]


@functools.cache
def values() -> Values:
    return shared.read_values("memory", Values)
