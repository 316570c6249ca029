"""Words by which people remember a name or a sentence."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_][\w'-]{3,}")
_COMMON = frozenset(
    {
        *("about", "after", "again", "back", "because", "before", "being", "belongs", "cannot", "could", "does"),
        *("down", "each", "every", "everything", "first", "found", "from", "have", "into", "last", "more", "must"),
        *("needs", "only", "other", "over", "right", "should", "take", "than", "that", "their", "them", "then"),
        *("there", "these", "they", "thing", "this", "those", "three", "under", "until", "were", "what", "when"),
        *("where", "whether", "which", "while", "will", "with", "without", "would", "your"),
    }
)


def telling_words(text: str) -> list[str]:
    """The words of a text that are not in every other, in its order."""
    return [word for word in _WORD.findall(text) if word.lower() not in _COMMON]


def telling_parts(text: str) -> list[str]:
    """The same, and two of them in a row where the text has them side by side."""
    pairs = [pair for pair in re.findall(rf"(?=\b({_WORD.pattern} {_WORD.pattern}))", text) if _is_telling(pair)]
    return [*telling_words(text), *pairs]


def _is_telling(pair: str) -> bool:
    return not {word.lower() for word in pair.split()} & _COMMON
