"""Paths that a model wrote the end of, completed while the arguments are written.

After "put it into lists/saturday.txt" a small model may write `saturday.txt`. Where all that it has learnt to write are
whole paths, as they were said, that is `lists/saturday.txt`.
"""

from __future__ import annotations

from server.constraints import JsonSchema
from server.constraints.copying import completed, endings, plain, words
from server.constraints.jsontext import canonical, parse


class Completion:
    """Reads a JSON object piece by piece, and gives it on with the copied strings of `constraint` completed.

    Those strings, and names of members, come whole; everything else comes as it was read.
    """

    def __init__(self, constraint: JsonSchema) -> None:
        self._members = frozenset(plain(constraint.schema, constraint.copied))
        self._known = words(constraint.said) if self._members else []
        self._paths = endings(self._known)
        self._depth = 0
        self._before = ""
        self._member = ""
        self._string: str | None = None
        """What has been read of the string that is being read; of one that is not kept, nothing but its quote."""
        self._is_name = False
        self._is_escaped = False

    def feed(self, text: str) -> str:
        """What may be given on after `text` has been read too."""
        return "".join(map(self._read, text)) if self._paths else text

    def rest(self) -> str:
        """What was kept of a string that never ended."""
        return (self._string or "") if self._keeps else ""

    @property
    def _keeps(self) -> bool:
        return self._is_name or self._member in self._members

    def _read(self, character: str) -> str:
        if self._string is not None:
            return self._read_string(self._string, character)
        if character == '"':
            self._is_name = self._depth == 1 and self._before in "{,"
            self._string = character
            return "" if self._keeps else character
        self._depth += (character in "{[") - (character in "}]")
        self._before = character
        return character

    def _read_string(self, string: str, character: str) -> str:
        if self._keeps:
            string = self._string = string + character
        is_end = character == '"' and not self._is_escaped
        self._is_escaped = character == "\\" and not self._is_escaped
        if is_end:
            self._string = None
        if not self._keeps:
            return character
        return self._whole(string) if is_end else ""

    def _whole(self, string: str) -> str:
        value = parse(string)
        if self._is_name:
            self._member, self._is_name = value, False
            return string
        path = completed(value, self._known, self._paths)
        return string if path == value else canonical(path)
