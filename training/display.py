"""How a long run shows itself: bars on a terminal, a line for each finished stage elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Display:
    """One stage after another. A context manager, whose lines go to `console`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, stage: str, total: int) -> None:
        """A new stage, in the place of the one before."""
        self._clear()
        self._task = self._progress.add_task(stage, total=total, note="")

    def advance(self, by: int) -> None:
        """So much more of the stage is done."""
        if self._task is not None:
            self._progress.advance(self._task, by)

    def update(self, done: int, note: str = "") -> None:
        """How far the stage has come."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, note=note)

    def end(self, line: str) -> None:
        """The stage is over; `line` stays to be seen."""
        self._clear()
        self._console.print(line, soft_wrap=True)

    def _clear(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
