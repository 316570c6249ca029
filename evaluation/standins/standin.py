"""What the stand-ins have in common: a state from a seed, its snapshot and its reset, and the rate limit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from fastapi import FastAPI

from evaluation.workspaces import World

Json = dict[str, Any]


class State(Protocol):
    """Everything that a service remembers."""

    def snapshot(self) -> Json:
        """All of it, as JSON; two equal snapshots are equal services."""
        ...

    def restore(self, snapshot: Json) -> None:
        """Back to a snapshot."""
        ...


S = TypeVar("S", bound=State)


class StandIn(ABC, Generic[S]):
    """A service invented from a world and a seed, behind the part of its API that a toolset's server uses.

    refuse_every: with n, each n-th request is answered as by the rate limit; 0 refuses none.
    """

    toolset: ClassVar[str]
    state: S

    def __init__(self, world: World, seed: int = 0, *, refuse_every: int = 0) -> None:
        self._world, self._seed = world, seed
        self._refuse_every = refuse_every
        self._requests = 0
        self.app = FastAPI(openapi_url=None)
        self.reset()

    def reset(self) -> None:
        """Back to the beginning, to the last identifier."""
        self.state = self._seeded(self._world, Random(f"{self.toolset}-{self._seed}"))

    def snapshot(self) -> Json:
        """What the service remembers, as JSON."""
        return self.state.snapshot()

    @abstractmethod
    def environ(self, url: str) -> Mapping[str, str]:
        """The environment that makes the toolset's server use the stand-in at `url`."""

    @abstractmethod
    def _seeded(self, world: World, random: Random) -> S: ...

    @property
    def _is_refused(self) -> bool:
        """Whether the request that was counted last meets the rate limit."""
        return bool(self._refuse_every) and self._requests % self._refuse_every == 0
