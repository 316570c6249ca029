"""Parts of what the assistant says at the end, whatever the tools were."""

from __future__ import annotations

_MAX_LINES = 8
_MAX_CHARACTERS = 400


def excerpt(text: str) -> str:
    """A text as an answer quotes it: whole if it is short, else its first lines and how many there are."""
    lines = text.strip("\n").splitlines()
    kept = lines[:_MAX_LINES]
    while len(kept) > 1 and sum(map(len, kept)) > _MAX_CHARACTERS:
        kept.pop()
    shown = "\n".join(kept)[: 2 * _MAX_CHARACTERS]
    return shown if len(kept) == len(lines) else f"{shown}\n... ({len(lines)} lines in all)"


def counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
