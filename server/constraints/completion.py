"""Paths that a model wrote the end of, completed while the arguments are written.

After "put it into lists/saturday.txt" a small model may write `saturday.txt`. Where all that it has learnt to write are
whole paths, as they were said, that is `lists/saturday.txt`. A list of paths that begins to repeat itself, which it may
do without an end, is given on without what it repeats, and ends there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.constraints import JsonSchema
from server.constraints.copying import completed, endings, plain, words
from server.constraints.jsontext import canonical, parse
from server.constraints.pieces import JsonReader

_ENDLESS = 3
"""Items in a row that a list has already."""


class Completion:
    """Reads a JSON object piece by piece, and gives it on with the copied strings of `constraint` completed.

    Those strings, and names of members, come whole, and once in a list; everything else comes as it was read.
    """

    def __init__(self, constraint: JsonSchema) -> None:
        self._members = frozenset(plain(constraint.schema, constraint.copied))
        self._lists = {name for name in self._members if _may_be_short(constraint.schema["properties"][name])}
        self._required = frozenset(constraint.schema.get("required", ()))
        self._known = words(constraint.said) if self._members else []
        self._paths = endings(self._known)
        self._reader = JsonReader()
        self._before = ""
        self._member = ""
        self._string: str | None = None
        """What has been read of the string that is being read; of one that is not kept, nothing but its quote."""
        self._is_name = False
        self._items: set[str] = set()
        """Of the list of copied strings that is being read."""
        self._repeated = 0
        """Items in a row that were in the list."""

    def feed(self, text: str) -> str:
        """What may be given on after `text` has been read too."""
        return "".join(map(self._read, text)) if self._paths or self._lists else text

    @property
    def is_endless(self) -> bool:
        """Whether a list does nothing but repeat itself, and all that is required is there: no more need be read."""
        return self._repeated >= _ENDLESS and not self._required

    def rest(self) -> str:
        """What was kept of a string that never ended; or the end of the object where a list would not end."""
        if self.is_endless:
            return "]}"
        kept = self._reader.kept
        return self._parted(self._string + kept) if self._keeps and self._string else kept

    @property
    def _keeps(self) -> bool:
        return self._is_name or self._member in self._members

    @property
    def _is_in_list(self) -> bool:
        return self._reader.depth == 2 and self._member in self._lists

    def _read(self, character: str) -> str:
        unit = self._reader.read(character)
        if self._string is not None:
            return self._read_string(self._string, unit)
        if unit == '"':
            self._is_name = self._reader.depth == 1 and self._before in "{,"
            self._string = unit
            return "" if self._keeps else unit
        self._before = unit
        if not self._is_in_list:
            self._items, self._repeated = set(), 0
        elif unit == ",":
            return ""  # It comes with the next item that is given on.
        return unit

    def _read_string(self, string: str, unit: str) -> str:
        if self._keeps:
            string = self._string = string + unit
        if not self._reader.is_string:
            self._string = None
        if not self._keeps:
            return unit
        return "" if self._reader.is_string else self._whole(string)

    def _whole(self, string: str) -> str:
        value = parse(string)
        if self._is_name:
            self._member, self._is_name = value, False
            self._required -= {value}
            return string
        path = completed(value, self._known, self._paths)
        written = string if path == value else canonical(path)
        return self._item(path, written) if self._is_in_list else written

    def _item(self, path: str, written: str) -> str:
        if path in self._items:
            self._repeated += 1
            return ""
        parted = self._parted(written)
        self._items.add(path)
        self._repeated = 0
        return parted

    def _parted(self, written: str) -> str:
        """With the comma after the items before it."""
        return f",{written}" if self._items else written


def _may_be_short(part: Mapping[str, Any]) -> bool:
    """Whether a member is a list that may have one item alone, so that what it repeats is not needed."""
    return bool(part["type"] == "array" and part.get("minItems", 0) <= 1)
