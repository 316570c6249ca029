"""What a run is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adapters import BaseModel
from server.chat_template import ChatTemplate
from toolsets import Toolset
from training.examples import Target
from training.settings import Hyperparameters
from training.trajectory import Demonstration


@dataclass(frozen=True)
class Base:
    """The base model: what adapters say of it, the folder of its files, and its chat template."""

    model: BaseModel
    folder: str
    template: ChatTemplate


@dataclass(frozen=True)
class Job:
    """What a run is made of, and where it works.

    `trajectories` has the names of the files that the demonstrations came from, and the SHA-256 of each. `cache_bytes`
    is how much of the disk the states of prefixes may take while the run lasts. `start` has the folders of adapters
    that are trained further, each by the name of its target; the others are trained from nothing. Argument adapters
    that are first trained as one start from the mean of theirs, or of those of other toolsets. `held_out` are templates
    that nothing is learnt from.
    """

    demonstrations: Sequence[Demonstration]
    trajectories: Mapping[str, str]
    toolsets: Mapping[str, Toolset]
    targets: Sequence[Target]
    base: Base
    hyperparameters: Hyperparameters
    folder: Path
    cache_bytes: int
    test_tasks: int
    start: Mapping[str, Path] = field(default_factory=dict)
    held_out: frozenset[str] = frozenset()
