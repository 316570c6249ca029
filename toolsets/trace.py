"""The agent's run as a person reads it, line by line as it happens."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from toolsets.agent import Ended, Event
from toolsets.trajectory import Observation, Outcome, Reply, Trajectory

_RESULT_LINES = 6
_LINE_LENGTH = 160

_ENDINGS: Mapping[Outcome, str] = {
    "answered": "answered",
    "step_limit": "stopped: the limit of steps is reached (--max-steps)",
    "time_limit": "stopped: the time is over (--max-seconds)",
    "repeated": "stopped: the model made the same calls again and again",
    "failed": "failed",
    "interrupted": "interrupted",
}


class Trace:
    """Feed it the events of a run; as a context manager it shows, on a terminal, what is waited for meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting = console.status("the model", speed=0.5)
        self._step = 0

    def __enter__(self) -> Self:
        self._waiting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.stop()

    def feed(self, event: Event) -> None:
        match event:
            case Reply():
                self._step += 1
                self._line(f"step {self._step}", f"  {event.seconds:.1f} s", f"  {_stages(event.stages)}", head="bold")
                if event.calls and event.text:
                    self._block(event.text, style="italic")
                self._waiting.update("the tool" if event.calls else "")
            case Observation():
                self._observed(event)
                self._waiting.update("the model")
            case Ended():
                pass

    def close(self, trajectory: Trajectory) -> None:
        """The last line: how it ended, and what it took."""
        calls = sum(len(step.calls) for step in trajectory.steps)
        said = (
            f"{_ENDINGS[trajectory.outcome]}: {trajectory.error}" if trajectory.error else _ENDINGS[trajectory.outcome]
        )
        took = f"{_count(len(trajectory.steps), 'step')}, {_count(calls, 'call')}, {trajectory.seconds:.1f} s"
        self._line(f"{took}; {said}", head="bold" if trajectory.outcome == "answered" else "bold red")

    def _observed(self, seen: Observation) -> None:
        name = f"{seen.toolset} {seen.tool}" if seen.toolset else seen.call.name
        self._line(f"  {name}", f" {seen.call.arguments}", f"  {seen.result.seconds:.2f} s", head="cyan")
        self._block(seen.result.text, style="red" if seen.result.is_error else "dim")

    def _line(self, first: str, *rest: str, head: str) -> None:
        text = Text(_shown(first), style=head)
        for part in rest:
            text.append(_shorten(_shown(part)), style="default not bold")
        self._console.print(text, soft_wrap=True)

    def _block(self, text: str, *, style: str) -> None:
        lines = text.splitlines() or ["(empty)"]
        for line in lines[:_RESULT_LINES]:
            self._console.print(Text(f"    {_shorten(_shown(line))}", style=style), soft_wrap=True)
        if len(lines) > _RESULT_LINES:
            self._console.print(Text(f"    ... {len(lines) - _RESULT_LINES:,} more lines", style="dim"))


def _stages(stages: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(map(_stage, stages))


def _stage(report: Mapping[str, Any]) -> str:
    """`select read_file (88%, 0.2 s)`: what was chosen, how sure the model was, how long it took."""
    name, confidence, seconds = report.get("stage", "?"), report.get("confidence"), report.get("seconds")
    facts = [f"{confidence:.0%}"] if isinstance(confidence, float) else []
    facts += [f"{seconds:.1f} s"] if isinstance(seconds, float) else []
    # The arguments' stage names the tool as well, which it did not choose.
    chosen = f" {report['choice']}" if isinstance(confidence, float) and "choice" in report else ""
    return f"{name}{chosen} ({', '.join(facts)})" if facts else f"{name}{chosen}"


def _shown(text: str) -> str:
    """`text` without control characters: what a tool or a model wrote must not steer the terminal."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in text)


def _shorten(text: str) -> str:
    return text if len(text) <= _LINE_LENGTH else f"{text[: _LINE_LENGTH - 3]}..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
