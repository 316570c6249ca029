"""What the assistant says at the end: short, and nothing but what the tools returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.offline.answers import MOST_SHOWN
from training.offline.answers import excerpt as excerpt
from training.offline.answers import numbered as numbered


def content(path: str, text: str) -> str:
    return f"{path} is empty." if not text.strip() else f"{path}:\n\n{excerpt(text)}"


def contents(text: str) -> str:
    """What `read_multiple_files` returned, each file as far as an answer quotes it."""
    return "\n\n".join(excerpt(part) for part in text.split("\n---\n"))


def names(path: str, entries: Sequence[str]) -> str:
    """What is in a folder, by the names that `entries` gives."""
    place = "the workspace" if path == "." else path
    if not entries:
        return f"There is nothing in {place}."
    shown = ", ".join(entries[:MOST_SHOWN])
    more = " and more" if len(entries) > MOST_SHOWN else ""
    return f"In {place}: {shown}{more}."


def found(matches: Sequence[str], what: str) -> str:
    if not matches:
        return f"I found nothing that matches {what}."
    listed = "\n".join(matches[:MOST_SHOWN])
    more = "\n..." if len(matches) > MOST_SHOWN else ""
    return f"Found for {what}:\n{listed}{more}"


def dated(known: Mapping[str, Mapping[str, str]]) -> str:
    """Size and last change of several files, by path."""
    return "\n".join(f"{path}: {facts['size']} bytes, modified {facts['modified']}" for path, facts in known.items())
