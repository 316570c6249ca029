"""What the assistant says at the end: short, and nothing but what the tools returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def content(path: str, text: str) -> str:
    return f"{path} is empty." if not text.strip() else f"{path}:\n\n{excerpt(text)}"


def names(path: str, entries: Sequence[str]) -> str:
    """What is in a folder, by the names that `entries` gives."""
    place = "the workspace" if path == "." else path
    if not entries:
        return f"There is nothing in {place}."
    shown = ", ".join(entries[:12])
    more = f" and {len(entries) - 12} more" if len(entries) > 12 else ""
    return f"In {place}: {shown}{more}."


def found(matches: Sequence[str], what: str) -> str:
    if not matches:
        return f"I found nothing that matches {what}."
    listed = "\n".join(matches[:12])
    more = f"\n... and {len(matches) - 12} more" if len(matches) > 12 else ""
    return f"{counted(len(matches), 'match')} for {what}:\n{listed}{more}"


def dated(known: Mapping[str, Mapping[str, str]]) -> str:
    """Size and last change of several files, by path."""
    return "\n".join(f"{path}: {facts['size']} bytes, modified {facts['modified']}" for path, facts in known.items())


def counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('ch') else 's'}"
