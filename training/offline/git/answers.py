"""What the assistant says of git's results."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.offline.answers import counted, excerpt

_ENTRY = re.compile(r"Commit: (\w+)\nAuthor: (.+)\nDate: (.+)\nMessage: (.+)")
_BRANCH = re.compile(r"^On branch (.+)$", re.MULTILINE)


def body(text: str) -> str:
    """A result below its first line, which says what it is."""
    return text.partition("\n")[2]


def status(text: str) -> str:
    if "nothing to commit" in text:
        return "The working tree is clean."
    lines = [line.strip() for line in body(text).splitlines() if line.startswith("\t")]
    return f"{counted(len(lines), 'change')}:\n" + excerpt("\n".join(lines))


def branch(text: str) -> str:
    """The branch that a status is of."""
    found = _BRANCH.search(text)
    return found[1] if found else "no branch"


def diff(text: str) -> str:
    shown = body(text)
    added = sum(line.startswith("+") and not line.startswith("+++") for line in shown.splitlines())
    removed = sum(line.startswith("-") and not line.startswith("---") for line in shown.splitlines())
    files = [line.rpartition(" b/")[2] for line in shown.splitlines() if line.startswith("diff --git ")]
    if not files:
        return "There is no difference."
    return f"{counted(added, 'line')} added and {removed} removed in {', '.join(files)}."


def commits(text: str) -> list[tuple[str, str, str, str]]:
    """Hash, author, date and message of each commit of a log."""
    return [(sha, author, date[:10], message.strip()) for sha, author, date, message in _ENTRY.findall(text)]


def log(text: str) -> str:
    found = [f"{sha[:7]} {date} {message} ({author})" for sha, author, date, message in commits(text)]
    return "\n".join(found) if found else "There are no such commits."


def branches(text: str) -> str:
    names = names_of(text)
    return f"{counted(len(names), 'branch')}: {', '.join(names)}" if names else "There are none."


def names_of(text: str) -> Sequence[str]:
    """Branches of a listing, without marks."""
    return [line.lstrip("*+ ").split(" ")[0] for line in text.splitlines() if line.strip()]
