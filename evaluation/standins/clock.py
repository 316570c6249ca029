"""Time and identifiers of a stand-in: the same calls in the same order give the same answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

_STEP = timedelta(minutes=1)


@dataclass
class Clock:
    """Stands still, but for a minute with every write."""

    now: datetime

    @classmethod
    def at(cls, day: date) -> Clock:
        """Nine in the morning of this day, UTC."""
        return cls(datetime.combine(day, time(9), UTC))

    def tick(self) -> datetime:
        self.now += _STEP
        return self.now


@dataclass
class Identifiers:
    """Identifiers that look random and are repeatable."""

    random: Random = field(repr=False)

    def uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def number(self) -> str:
        """Ten digits, as monday.com numbers its boards and items."""
        return str(self.random.randrange(10**9, 10**10))
