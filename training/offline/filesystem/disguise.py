"""A workspace under the path that its user knows it by, and its files' times as if it were there since its own day.

Where it really is, and when, differs from run to run; what is learnt from must not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_TIME = re.compile(r"^(created|modified|accessed): (.+?) \(.+\)$", re.MULTILINE)
_FOLDER_SIZE = re.compile(r"^size: \d+$", re.MULTILINE)
_FORMAT = "%a %b %d %Y %H:%M:%S GMT%z"
"""How JavaScript writes a date, without the name of the time zone."""


@dataclass(frozen=True)
class Disguise:
    """real: where the workspace is. shown: where it seems to be. now: what is later than that seems to be then."""

    real: Path
    shown: str
    now: datetime

    def sent(self, text: str) -> str:
        """An argument as the server understands it."""
        if text == self.shown or text.startswith(f"{self.shown}/"):
            return f"{self.real}{text[len(self.shown) :]}"
        return text

    def seen(self, tool: str, text: str) -> str:
        """A result as the user of the workspace would get it."""
        text = text.replace(str(self.real), self.shown)
        if tool != "get_file_info":
            return text
        if "isDirectory: true" in text:
            text = _FOLDER_SIZE.sub("size: 4096", text)
        return _TIME.sub(self._time, text)

    def _time(self, match: re.Match[str]) -> str:
        moment = datetime.strptime(match[2], _FORMAT).astimezone(UTC)
        # The system sets the two others by itself, each in its own way.
        if match[1] != "modified" or moment > self.now:
            moment = self.now
        return f"{match[1]}: {moment:{_FORMAT}} (Coordinated Universal Time)"
