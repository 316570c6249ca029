"""The folder of a training run, and the manifest in it.

run.json                what the run is made of, what it made, and how long that took
queries.jsonl           a cloud teacher's answers, of which the requests are taken
trajectories.jsonl      where the run made them itself; trajectories.answers.jsonl has all that a cloud teacher said
split.json              which demonstrations were trained on, validated on and held out for the test
test.jsonl              the trajectories that are held out for the test
report.html             all of this for people
adapters/NAME/          each adapter as the store takes it, and history.json, its epochs
checkpoints/NAME.pt     the state of an adapter that is not finished
prefixes/               keys and values of conversations; deleted at the end
"""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters import BaseModelId
from adapters.files import write_whole
from server import __version__
from server.prompt import PROMPT_FORMAT
from toolsets.manifest import first_problem
from training.errors import TrainingError
from training.settings import Hyperparameters

_FILE = "run.json"


class Origin(BaseModel):
    """What a run is made of. A run goes on only where all of this is as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_model: BaseModelId
    prompt_format: int = PROMPT_FORMAT
    toolsets: dict[str, str]
    """Their digests."""
    trajectories: dict[str, str]
    """Names of files, and the SHA-256 of each; none while they are still being made."""
    hyperparameters: Hyperparameters
    held_out: str | None = None
    """SHA-256 of the phrasings that were named not to be trained on."""
    start: dict[str, str] = Field(default_factory=dict)
    """Adapters whose training goes on from weights that there were, and the SHA-256 of these."""


class Teaching(BaseModel):
    """By whom the trajectories of a run are made, and how many requests there are to be for each tool."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    teacher: str
    """`offline`, or a model; `url` says where."""
    url: str | None = None
    count: int
    seed: int


class Taught(BaseModel):
    """What came of it; of a teacher that is paid, the tokens and, where prices are known, the cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queries: dict[str, int] = {}
    """By tool, those that need several, and those that need none."""
    queries_discarded: dict[str, int] = {}
    trajectories: int
    trajectories_discarded: dict[str, int]
    """By reason; of the offline teacher's, those of the last time it was begun."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


class Trained(BaseModel):
    """An adapter that is finished."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    examples: int
    validation_examples: int
    metrics: dict[str, float]
    seconds: float


class RunManifest(BaseModel):
    """The contents of `run.json`; seconds are those that each stage has taken, over all the times it was begun."""

    model_config = ConfigDict(extra="forbid")

    format: int = 1
    created: AwareDatetime
    versions: dict[str, str]
    origin: Origin
    teaching: Teaching | None = None
    """Where the run made its trajectories itself."""
    taught: Taught | None = None
    demonstrations: dict[str, int] = Field(default_factory=dict)
    """How many there are on each side of the split."""
    examples_left_out: dict[str, int] = Field(default_factory=dict)
    """By reason."""
    shared: dict[str, Trained] = Field(default_factory=dict)
    """By toolset, what its argument adapters learnt as one before each went on by itself."""
    adapters: dict[str, Trained] = Field(default_factory=dict)
    without_examples: list[str] = Field(default_factory=list)
    """Adapters for which there was nothing to learn from."""
    seconds: dict[str, float] = Field(default_factory=dict)


class RunFolder:
    """A run's files, by what they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.split = path / "split.json"
        self.queries = path / "queries.jsonl"
        self.trajectories = path / "trajectories.jsonl"
        self.test = path / "test.jsonl"

    def adapter(self, name: str) -> Path:
        return self.path / "adapters" / name

    def adapters(self) -> dict[str, Path]:
        """The folders of those that are trained, by name. Raises TrainingError."""
        return {name: self.adapter(name) for name in self.manifest().adapters}

    def prefixes(self, process: int) -> Path:
        return self.path / f"prefixes-{process}"

    def checkpoint(self, name: str) -> Path:
        return self.path / "checkpoints" / f"{name}.pt"

    def begin(self, origin: Origin, teaching: Teaching | None = None) -> RunManifest:
        """The manifest of the run that is there, or of a new one. Raises TrainingError for a run of another origin.

        A run that is to make its trajectories is begun by `teaching`, and again when it has them.
        """
        found = self._read()
        if found is None:
            found = RunManifest(created=datetime.now(UTC), versions=versions(), origin=origin, teaching=teaching)
            self.write(found)
        if teaching is not None and found.teaching != teaching:
            raise TrainingError(
                f"{self.path} has a run of another teacher, count or seed; name another folder, or delete this",
                "teaching",
            )
        if not found.origin.trajectories:
            found.origin = found.origin.model_copy(update={"trajectories": origin.trajectories})
        elif not origin.trajectories:
            origin = origin.model_copy(update={"trajectories": found.origin.trajectories})
        for name in Origin.model_fields:
            if getattr(found.origin, name) != getattr(origin, name):
                raise TrainingError(
                    f"{self.path} has a run with other {name.replace('_', ' ')}; name another folder, or delete this",
                    name,
                )
        return found

    def write(self, manifest: RunManifest) -> None:
        write_whole(self.path / _FILE, manifest.model_dump_json(indent=2) + "\n")

    def manifest(self) -> RunManifest:
        """The manifest that is there. Raises TrainingError."""
        found = self._read()
        if found is None:
            raise TrainingError(f"{self.path} is not the folder of a training run: it has no {_FILE}", "run")
        return found

    def _read(self) -> RunManifest | None:
        try:
            return RunManifest.model_validate_json((self.path / _FILE).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TrainingError(f"{self.path / _FILE} cannot be read: {error.strerror}", "run") from None
        except ValidationError as error:
            name, problem = first_problem(error)
            raise TrainingError(f"{self.path / _FILE}: {name}: {problem}; name another folder", name) from None


def versions() -> dict[str, str]:
    """Of dualtune, Python and the libraries that compute."""
    libraries = {name: metadata.version(name) for name in ("torch", "transformers", "peft", "accelerate")}
    return {"dualtune": __version__, "python": platform.python_version(), **libraries}
