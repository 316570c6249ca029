"""Words taken out of a file, to ask about or to change."""

from __future__ import annotations

import re
from random import Random

from training.offline.filesystem.view import File
from training.offline.script import Unfit

_WORD = re.compile(r"[^\W\d_][\w'-]{4,24}")
_COMMON = frozenset(
    {
        *(
            "about",
            "after",
            "again",
            "because",
            "before",
            "being",
            "could",
            "every",
            "first",
            "found",
            "other",
            "should",
        ),
        *("their", "there", "these", "thing", "those", "three", "under", "until", "which", "while", "without", "would"),
    }
)


def salient_word(random: Random, file: File) -> str:
    """A word of the file that is not in every text. Raises Unfit where there is none."""
    words: list[str] = sorted({word for word in _WORD.findall(file.text or "") if word.lower() not in _COMMON})
    if not words:
        raise Unfit("a file without words")
    return random.choice(words)


def unique_phrase(random: Random, file: File, *, longest: int = 60) -> str:
    """Some words or numbers that stand exactly once in the file, on one line. Raises Unfit where there are none."""
    text = file.text or ""
    candidates = []
    for line in file.lines:
        pieces = line.split(" ")
        for _ in range(3):
            start = random.randrange(len(pieces))
            piece = " ".join(pieces[start : start + random.choice((1, 1, 2, 2, 3, 4, 5))]).strip(" ,.;:|")
            if 3 <= len(piece) <= longest and text.count(piece) == 1:
                candidates.append(piece)
    if not candidates:
        raise Unfit("nothing that stands once in the file")
    return random.choice(candidates)


def whole_line(random: Random, file: File, *, longest: int = 110) -> str:
    """A line that stands once in the file, without the spaces around it. Raises Unfit where there is none."""
    text = file.text or ""
    lines = [line.strip() for line in file.lines if 8 <= len(line.strip()) <= longest and text.count(line.strip()) == 1]
    if not lines:
        raise Unfit("no line that stands once in the file")
    return random.choice(lines)
