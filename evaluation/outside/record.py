"""What a benchmark of others came to, as a JSON file that the report takes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from toolsets.manifest import first_problem

Outcome = Literal["passed", "failed", "xfailed", "skipped"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(_Frozen):
    """right: entries that the benchmark's own checker accepts. whole: `of` is all that the category has."""

    name: str
    right: int
    of: int
    whole: bool


class BFCL(_Frozen):
    """A run of the Berkeley Function-Calling Leaderboard in which every request was answered.

    versions: of the packages, by name. max_tokens: of one reply.
    """

    format: Literal[1] = 1
    benchmark: Literal["bfcl"] = "bfcl"
    model: str
    base_url: str
    max_tokens: int
    versions: Mapping[str, str]
    categories: tuple[Category, ...]


class Case(_Frozen):
    """message: the error of a failed test, why another was skipped or expected to fail."""

    name: str
    outcome: Outcome
    seconds: float
    message: str = ""


class LangChain(_Frozen):
    """A run of LangChain's standard integration tests. declared: features that the suite was told of, by its names."""

    format: Literal[1] = 1
    benchmark: Literal["langchain"] = "langchain"
    model: str
    base_url: str
    versions: Mapping[str, str]
    declared: Mapping[str, bool]
    tests: tuple[Case, ...]

    @property
    def counts(self) -> Mapping[Outcome, int]:
        return Counter(test.outcome for test in self.tests)


Outside = Annotated[BFCL | LangChain, Field(discriminator="benchmark")]
_OUTSIDE: TypeAdapter[BFCL | LangChain] = TypeAdapter(Outside)


def keep(record: BFCL | LangChain, path: Path) -> None:
    write_whole(path, record.model_dump_json(indent=1) + "\n")


def read(path: Path) -> BFCL | LangChain:
    """Raises EvaluationError where the file is not what `dualtune eval bfcl` or `langchain` writes."""
    try:
        return _OUTSIDE.validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}", "outside") from None
    except ValidationError as error:
        name, problem = first_problem(error)
        made_by = "dualtune eval bfcl or dualtune eval langchain"
        raise EvaluationError(f"{path}: {name}: {problem}; name a file that was made by {made_by}", name) from None
