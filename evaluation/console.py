"""What evaluation commands have in common: how lists are written, and errors in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer

from evaluation.errors import EvaluationError
from toolsets import console
from toolsets.console import tell
from training.errors import TrainingError


def places(items: Iterable[str]) -> dict[str, str]:
    """What MODEL=URL items say. Raises EvaluationError."""
    parts = [item.rpartition("=http") for item in items]
    if wrong := [rest for model, _, rest in parts if not model]:
        raise EvaluationError(f"--elsewhere {wrong[0]}: write MODEL=URL, with http before it", "elsewhere")
    return {model: f"http{rest}" for model, _, rest in parts}


def words(text: str) -> tuple[str, ...]:
    """The words of a list with commas, each once."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


@contextmanager
def one_line_errors() -> Iterator[None]:
    """One line on standard error and a status in place of a traceback."""
    with console.one_line_errors():
        try:
            yield
        except (EvaluationError, TrainingError) as error:
            tell(f"dualtune: {error.message}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            tell("dualtune: stopped; the same command goes on")
            raise typer.Exit(130) from None
