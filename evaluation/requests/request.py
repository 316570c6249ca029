"""A request and the calls that answer it, as JSON lines. The shipped files lie in `data`, written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluation.errors import EvaluationError
from toolsets.manifest import first_problem

Line = TypeVar("Line", "Request", "Errand")
SHIPPED = Path(__file__).with_name("data")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wanted(_Frozen):
    tool: str
    arguments: dict[str, Any]


class Request(_Frozen):
    """calls: each of them alone answers the request; none where it takes no tool."""

    request: Annotated[str, Field(min_length=1)]
    calls: tuple[Wanted, ...]


class Errand(_Frozen):
    """A request and the toolset that it is for; None where it takes no tool."""

    request: Annotated[str, Field(min_length=1)]
    toolset: str | None


def read_requests(toolset: str, path: Path | None = None) -> tuple[Request, ...]:
    """The requests in `path`, or those that are shipped for a toolset. Raises EvaluationError naming the line."""
    return _read(path or SHIPPED / f"{toolset}.jsonl", Request, _REQUEST)


def read_errands(path: Path | None = None) -> tuple[Errand, ...]:
    """Those in `path`, or the shipped ones. Raises EvaluationError naming the line."""
    return _read(path or SHIPPED / "routing.jsonl", Errand, _ERRAND)


def _read(path: Path, kind: type[Line], example: str) -> tuple[Line, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise EvaluationError(f"requests {path} cannot be read: {reason}; name a file", "requests") from None
    requests = tuple(
        _read_line(line, kind, f"{path}:{number}", example) for number, line in enumerate(lines, 1) if line.strip()
    )
    if not requests:
        raise EvaluationError(f"there is no request in {path}", "requests")
    return requests


def _read_line(line: str, kind: type[Line], where: str, example: str) -> Line:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        name, problem = first_problem(error)
        raise EvaluationError(f"{where}: {name}: {problem}; a line is like {example}", name) from None


_REQUEST = '{"request": "what is in src?", "calls": [{"tool": "list_directory", "arguments": {"path": "src"}}]}'
_ERRAND = '{"request": "who committed last?", "toolset": "git"}'
