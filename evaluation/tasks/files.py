"""Files of tasks: JSON lines, one task a line, with their digests beside them.

The shipped files lie in `data`, their SHA-256 in `data/digests.json`: results of two runs are comparable if they were
run on tasks of one digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from evaluation.tasks.task import Task
from toolsets.manifest import first_problem

SHIPPED = Path(__file__).with_name("data")
_DIGESTS = "digests.json"


def digest(tasks: Iterable[Task]) -> str:
    """SHA-256, in hex, of the tasks in their order."""
    return hashlib.sha256("".join(_line(task) for task in tasks).encode()).hexdigest()


def write_tasks(path: Path, tasks: Iterable[Task]) -> None:
    """Write the file, whole or not at all, and enter its digest in `digests.json` beside it."""
    tasks = tuple(tasks)
    write_whole(path, "".join(map(_line, tasks)))
    digests = _digests(path.parent) | {path.name: digest(tasks)}
    write_whole(path.parent / _DIGESTS, json.dumps(digests, indent=1, sort_keys=True) + "\n")


def read_tasks(name: str | Path) -> tuple[Task, ...]:
    """Tasks from a file, or from a shipped one by its name (`filesystem-mcpbench`).

    Raises EvaluationError naming the line and the member at fault, also where the digest beside it does not fit.
    """
    path = Path(name)
    if not path.exists() and (shipped := SHIPPED / f"{name}.jsonl").exists():
        path = shipped
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.jsonl")))
        raise EvaluationError(
            f"tasks {name} cannot be read: {reason}; name a file, or one of: {known}", "tasks"
        ) from None
    tasks = tuple(_read_line(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())
    seen: set[str] = set()
    for task in tasks:
        if task.id in seen:
            raise EvaluationError(f"{path}: the id {task.id!r} stands there twice; ids must be unique", "id")
        seen.add(task.id)
    expected = _digests(path.parent).get(path.name)
    if expected not in (None, digest(tasks)):
        raise EvaluationError(
            f"{path} is not what {_DIGESTS} beside it says; restore it, or take its line out of {_DIGESTS}", "digest"
        )
    return tasks


def _line(task: Task) -> str:
    return task.model_dump_json() + "\n"


def _read_line(line: str, where: str) -> Task:
    try:
        return Task.model_validate_json(line)
    except ValidationError as error:
        name, problem = first_problem(error)
        raise EvaluationError(f"{where}: {name}: {problem}; make the tasks again", name) from None


def _digests(folder: Path) -> dict[str, str]:
    try:
        return dict(json.loads((folder / _DIGESTS).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{folder / _DIGESTS} cannot be read: {error}", "digest") from None
