"""How people name files: each has a habit or two, and keeps to them mostly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from random import Random

Style = Callable[[Sequence[str], date], str]

STYLES: tuple[Style, ...] = (
    lambda words, day: "-".join(words).lower(),
    lambda words, day: "_".join(words).lower(),
    lambda words, day: " ".join(words).capitalize(),
    lambda words, day: " ".join(word[:1].upper() + word[1:] for word in words),
    lambda words, day: f"{day.isoformat()} {' '.join(words)}",
    lambda words, day: f"{day:%Y%m%d}_{'_'.join(words)}".lower(),
    lambda words, day: "".join(word[:1].upper() + word[1:] for word in words),
)
_REVISIONS = ("final", "v2", "v3", "draft", "copy", "old", "signed", "überarbeitet", "révisé", "(2)")
_UNSAFE = str.maketrans({"/": "-", "\\": "-", ":": "", "\0": ""})
_MAX_STEM = 80


def habits(random: Random) -> tuple[Style, ...]:
    """Two styles, the first the usual one."""
    first, second = random.sample(STYLES, 2)
    return first, first, first, second


def file_name(
    random: Random, styles: Sequence[Style], words: Sequence[str], day: date, extension: str, code: bool
) -> str:
    """A name for a file about these words. Code keeps to the words themselves: tools find it by its name."""
    if code or len(words) == 1:
        stem = "_".join(words)
    else:
        stem = random.choice(styles)(words, day)
        if random.random() < 0.08:
            stem += f" {random.choice(_REVISIONS)}" if " " in stem else f"_{random.choice(_REVISIONS)}"
    return stem.translate(_UNSAFE)[:_MAX_STEM].strip() + extension
