"""Examples as a person reads them: each segment by its label, and what the loss is computed over."""

from __future__ import annotations

from rich.text import Text

from adapters import Role
from server.prompt import Label
from training.examples import LEARNT, Example

_STYLES = {Label.CONVERSATION: "dim", Label.INVOCATION: "bold cyan", Label.INSTRUCTION: "cyan"}
_LEARNT_STYLE = "bold black on green"


def coloured(example: Example, role: Role) -> Text:
    """The example's text, with what an adapter of this role learns on green."""
    text = Text()
    for segment in example.segments:
        text.append(segment.text, style=_style(segment.label, role))
    return text


def legend(example: Example, role: Role) -> Text:
    """One line: where the example is from, and how many tokens each segment has, in its colours."""
    text = Text(f"{example.demonstration}, {len(example):,} tokens:", style="italic")
    for segment in example.segments:
        text.append(" ").append(f" {segment.label} {len(segment.ids):,} ", style=_style(segment.label, role))
    return text


def as_json(example: Example, role: Role) -> dict[str, object]:
    """The segments with their tokens, and the mask over all of them."""
    return {
        "demonstration": example.demonstration,
        "segments": [
            {"label": segment.label.value, "text": segment.text, "ids": segment.ids} for segment in example.segments
        ],
        "mask": [int(learnt) for learnt in example.mask(role)],
    }


def _style(label: Label, role: Role) -> str:
    return _LEARNT_STYLE if label in LEARNT[role] else _STYLES.get(label, "")
