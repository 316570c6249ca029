"""How people say where and when, and what stands in the arguments for it; results as answers tell them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from training.offline.scene import Scene
from training.offline.time.values import values

_MINUTES = (0, 0, 0, 0, 30, 30, 15, 45, 10, 20, 40, 50, 5, 25, 35, 55)
_HOURS = (
    *("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    "twelve",
)


@dataclass(frozen=True)
class Said:
    """A value as the arguments have it, and as the user wrote it."""

    value: str
    text: str

    @property
    def plain(self) -> str:
        """As written, without quotes."""
        return self.text.strip("\"'`“”«»")


def place(s: Scene[datetime], *others: Said) -> Said:
    """A place by its name, in another time zone than those."""
    taken = {other.value for other in others}
    zone = s.pick([zone for zone in values().places if zone not in taken])
    return Said(zone, s.random.choice(values().places[zone]))


def zone(s: Scene[datetime], *others: Said) -> Said:
    """A time zone by its own name, or an abbreviation of one."""
    taken = {other.value for other in others}
    if s.random.random() < 0.3:
        name, value = s.pick([(n, v) for n, v in values().abbreviations.items() if v not in taken])
        return Said(value, name)
    name = s.pick([zone for zone in values().places if zone not in taken])
    return Said(name, s.quoted(name))


def time_of_day(random: Random) -> Said:
    """A time of day in one of the ways in which people say it."""
    minute = random.randrange(60) if random.random() < 0.4 else random.choice(_MINUTES)
    hour = random.choice((*range(24), *range(7, 22)))
    return Said(f"{hour:02}:{minute:02}", _spoken(random, hour, minute))


def _spoken(random: Random, hour: int, minute: int) -> str:
    if minute == 0 and hour in (0, 12) and random.random() < 0.5:
        return "noon" if hour else "midnight"
    half, mark = hour % 12 or 12, "pm" if hour >= 12 else "am"
    part = _part_of_day(hour)
    forms = [f"{hour:02}:{minute:02}"] * 5
    forms += [f"{half}:{minute:02}{mark}", f"{half}:{minute:02} {mark}", f"{half}:{minute:02} {mark.upper()}"]
    forms += [f"{hour}.{minute:02}", f"{hour:02}h{minute:02}", f"{hour:02}{minute:02} hours"]
    if part:
        forms += [f"{half}:{minute:02} {part}"]
    if minute == 0:
        forms += [f"{half}{mark}", f"{half} {mark}", f"{half}{mark.upper()}"] * 2
        forms += [f"{half} o'clock {part}", f"{_HOURS[half]} {part}"] if part else []
    elif minute == 30 and part:
        forms += [f"half past {_HOURS[half]} {part}", f"half past {half} {part}"]
    elif minute == 15 and part:
        forms += [f"quarter past {_HOURS[half]} {part}", f"a quarter past {half} {part}"]
    elif minute == 45 and part and part == _part_of_day((hour + 1) % 24):
        forms += [f"quarter to {_HOURS[half % 12 + 1]} {part}", f"a quarter to {half % 12 + 1} {part}"]
    return random.choice(forms)


def _part_of_day(hour: int) -> str:
    """Empty where no part of the day makes it clear which half is meant."""
    if 1 <= hour < 12:
        return "in the morning"
    if 12 < hour < 18:
        return "in the afternoon"
    if 18 <= hour < 22:
        return "in the evening"
    return "at night" if 22 <= hour < 24 else ""


# Results


def clock(text: str) -> datetime:
    """The moment of a result of `get_current_time`."""
    return datetime.fromisoformat(json.loads(text)["datetime"])


def converted(text: str) -> dict[str, Any]:
    """A result of `convert_time`, with its two moments."""
    told: dict[str, Any] = json.loads(text)
    return told | {end: datetime.fromisoformat(told[end]["datetime"]) for end in ("source", "target")}


def spelled(moment: datetime) -> str:
    return f"{moment:%H:%M} on {moment:%A}, {moment.day} {moment:%B %Y}"


def other_day(source: datetime, target: datetime) -> str:
    """Words for a conversion that leads to another day."""
    days = (target.date() - source.date()).days
    return {1: " the next day", -1: " the day before"}.get(days, "")
