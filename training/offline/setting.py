"""Where requests are told and acted out: what is there is made from a seed, and the toolset's own server runs on it.

A toolset is taught offline where it has a folder of phrasings, `training/intents/TOOLSET`, and a package of plans,
`training/offline/TOOLSET`, whose module `setting` opens its settings:

    def open_setting(source: Source, seed: str) -> AbstractAsyncContextManager[Setting]
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import cast

from training.offline.acting import Conversation
from training.offline.bank import Template
from training.offline.source import Source


@dataclass(frozen=True)
class Setting:
    """spec: names what was made, so that it can be made again. now: the moment that it seems to be there.

    tell: a conversation that ends with what a phrasing asks for; raises Unfit or Discarded where none comes out.
    """

    spec: str
    now: datetime
    tell: Callable[[Template, Random], Awaitable[Conversation]]


def open_setting(source: Source, seed: str) -> AbstractAsyncContextManager[Setting]:
    """What follows from the seed for the source's toolset, which has a bank. Entering it raises ToolsetError."""
    package = importlib.import_module(f"training.offline.{source.toolset.name}.setting")
    return cast("AbstractAsyncContextManager[Setting]", package.open_setting(source, seed))
