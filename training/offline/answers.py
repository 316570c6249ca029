"""Parts of what the assistant says at the end, whatever the tools were.

Nothing that a small model would have to guess: it can repeat, but it cannot count what it does not number.
"""

from __future__ import annotations

from collections.abc import Sequence

_MAX_LINES = 8
_MAX_CHARACTERS = 400

MOST_SHOWN = 12
"""Entries of a list that an answer names."""


def excerpt(text: str) -> str:
    """A text as an answer quotes it: whole if it is short, else its first lines."""
    lines = text.strip("\n").splitlines()
    kept = lines[:_MAX_LINES]
    while len(kept) > 1 and sum(map(len, kept)) > _MAX_CHARACTERS:
        kept.pop()
    shown = "\n".join(kept)[: 2 * _MAX_CHARACTERS]
    return shown if len(kept) == len(lines) else f"{shown}\n..."


def numbered(items: Sequence[str], noun: str) -> str:
    """Counted before the reader's eyes; of many only the first ones."""
    shown = [f"{number}. {item}" for number, item in enumerate(items[:MOST_SHOWN], start=1)]
    if len(items) > MOST_SHOWN:
        return "\n".join([*shown, "...", f"More than {counted(MOST_SHOWN, noun)}."])
    return "\n".join([*shown, f"{counted(len(items), noun)}."])


def counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
