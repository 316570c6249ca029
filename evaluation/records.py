"""A folder of results: what was run, the tasks themselves, and one file for each run and each LLM verdict.

    settings.json                   what was asked of whom; a folder is continued with the same settings only
    tasks.jsonl                     the tasks, as they were
    runs/MODEL/TASK.json            a run's evidence: its trajectory and what it changed
    verdicts/MODEL/TASK.json        an LLM judge's verdict on it

Scores are no part of it: they follow from the tasks and the runs, and are computed when they are reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from evaluation.judge import Evidence, LLMVerdict
from evaluation.tasks import Task, digest, read_tasks
from toolsets.manifest import first_problem

T = TypeVar("T")
MAX_TOKENS = 512
"""Of one reply: a small model may fill all that it is allowed with repetition."""
_EVIDENCE = TypeAdapter(Evidence)
_VERDICT = TypeAdapter(LLMVerdict)


class Settings(BaseModel):
    """tasks: digest of them. elsewhere: the models that are not at base_url, and where they are.

    described: their descriptions were given, not the fuzzed queries. offered: toolsets; paper_tools: only the tools of
    them that the paper has. max_tokens: of one reply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    tasks: str
    base_url: str
    models: tuple[str, ...]
    elsewhere: dict[str, str] = Field(default_factory=dict)
    described: bool = False
    offered: tuple[str, ...] = ("filesystem",)
    paper_tools: bool = False
    max_steps: int = 20
    max_seconds: float = 600.0
    max_tokens: int = MAX_TOKENS
    max_characters: int = 20_000


class Results:
    """The folder of one evaluation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, settings: Settings, tasks: Sequence[Task]) -> None:
        """Start the folder, or go on with it. Raises EvaluationError where it was begun with other settings."""
        if (self.folder / "settings.json").exists():
            before = self.settings().model_dump()
            differing = [name for name, value in settings.model_dump().items() if before[name] != value]
            if differing:
                raise EvaluationError(
                    f"{self.folder} was begun with other {' and '.join(differing)}; name another folder", differing[0]
                )
            return
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise EvaluationError(f"{self.folder} is not a folder of results, nor empty; name another", "out")
        write_whole(self.folder / "tasks.jsonl", "".join(task.model_dump_json() + "\n" for task in tasks))
        write_whole(self.folder / "settings.json", settings.model_dump_json(indent=1) + "\n")

    def settings(self) -> Settings:
        """Raises EvaluationError where the folder is none of ours."""
        return _read(self.folder / "settings.json", TypeAdapter(Settings))

    def tasks(self) -> tuple[Task, ...]:
        tasks = read_tasks(self.folder / "tasks.jsonl")
        if digest(tasks) != self.settings().tasks:
            raise EvaluationError(f"{self.folder / 'tasks.jsonl'} was changed since the run; restore it", "tasks")
        return tasks

    def run(self, model: str, task: Task) -> Evidence | None:
        """What is known of a run; None if it was not made yet."""
        path = self._path("runs", model, task)
        return _read(path, _EVIDENCE) if path.exists() else None

    def keep_run(self, model: str, task: Task, evidence: Evidence) -> None:
        _write(self._path("runs", model, task), _EVIDENCE.dump_python(evidence, mode="json"))

    def verdict(self, model: str, task: Task) -> LLMVerdict | None:
        path = self._path("verdicts", model, task)
        return _read(path, _VERDICT) if path.exists() else None

    def keep_verdict(self, model: str, task: Task, verdict: LLMVerdict) -> None:
        _write(self._path("verdicts", model, task), _VERDICT.dump_python(verdict, mode="json"))

    def runs(self) -> Iterator[tuple[str, Task, Evidence]]:
        """Every run that was made: its model, its task, its evidence."""
        tasks = self.tasks()
        for model in self.settings().models:
            for task in tasks:
                if (evidence := self.run(model, task)) is not None:
                    yield model, task, evidence

    def _path(self, kind: str, model: str, task: Task) -> Path:
        return self.folder / kind / quote(model, safe="").replace(".", "%2E") / f"{task.id}.json"


def _write(path: Path, value: object) -> None:
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def _read(path: Path, adapter: TypeAdapter[T]) -> T:
    try:
        return adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}; name a folder of results", "folder") from None
    except ValidationError as error:
        name, problem = first_problem(error)
        raise EvaluationError(f"{path}: {name}: {problem}; remove it and run again", name) from None
