"""A text in a call's arguments that goes on with empty lines, and how it ends where it should have ended.

A small model that has written all there is to say may go on with line breaks until the engine ends the loop, and never
close its JSON. Where nothing but a quote and brackets is missing, they are put in the place of the line breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.constraints.check import violation
from server.constraints.pieces import JsonReader

_ENDLESS = 32
"""Line breaks in a row. The engine ends a loop after 40 rounds of a line break or more."""

_BREAK = "\\n"


class BlankLines:
    """Reads a JSON value piece by piece, and gives it on, the line breaks of its strings with what comes after them."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._given: list[str] = []
        self._breaks = 0
        """In a row, read and not given on yet."""
        self._reader = JsonReader()

    def feed(self, text: str) -> str:
        """What may be given on after `text` has been read too."""
        written = "".join(map(self._read, text))
        self._given.append(written)
        return written

    def rest(self) -> str:
        """What was kept of a value that ends here."""
        return _BREAK * self._breaks + self._reader.kept

    def end(self) -> str | None:
        """What ends a value that only went on with line breaks; None if it did not, or lacks more than its end.

        Checks the value against the schema, which may take seconds.
        """
        if self._breaks < _ENDLESS:
            return None
        closing = self._reader.closing
        return closing if violation("".join(self._given) + closing, self._schema) is None else None

    def _read(self, character: str) -> str:
        unit = self._reader.read(character)
        if unit == _BREAK:
            self._breaks += 1
            return ""
        if not unit:
            return ""
        breaks, self._breaks = self._breaks, 0
        return _BREAK * breaks + unit
