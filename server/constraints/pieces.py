"""JSON text that comes in pieces, read character by character: what is a string in it, and which brackets are open."""

from __future__ import annotations

_CLOSING = {"{": "}", "[": "]"}


class JsonReader:
    """Reads well-formed JSON, which may end anywhere."""

    def __init__(self) -> None:
        self.is_string = False
        """Whether what was read ends in a string."""
        self.kept = ""
        """The backslash of an escape whose next character is still to come."""
        self._open: list[str] = []

    @property
    def depth(self) -> int:
        """How many brackets are open."""
        return len(self._open)

    @property
    def closing(self) -> str:
        """What closes the string that is open, and all brackets that are."""
        return '"' * self.is_string + "".join(reversed(self._open))

    def read(self, character: str) -> str:
        """The character, or an escape up to its second character; nothing after a backslash that begins one."""
        if self.kept:
            character, self.kept = self.kept + character, ""
        elif self.is_string and character == "\\":
            self.kept, character = character, ""
        elif character == '"':
            self.is_string = not self.is_string
        elif not self.is_string and character in _CLOSING:
            self._open.append(_CLOSING[character])
        elif not self.is_string and character in _CLOSING.values():
            self._open.pop()
        return character
