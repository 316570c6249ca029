"""The trajectories that adapters learn from: a run of the agent, and where it came from.

The file is JSON lines, one demonstration a line:

    format      1
    id          unique in its file
    template    what the wording of the task was made of. Demonstrations of one template are never on both sides of a
                split; where every task has its own wording, the template is the id
    tool        the tool that the task was written for, or null where it was to need none
    workspace   names what the servers worked on, so that it can be made again (a workspace's spec), or null
    verified    whether what the run did was checked against what the task asks for
    trajectory  as in `toolsets.trajectory`: `model` is the teacher (`offline` where it was none), `toolsets` has the
                digests of the tools, `opening` the first messages, `steps` the calls and their results as they came
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.files import write_whole
from toolsets.manifest import first_problem
from toolsets.trajectory import Trajectory
from training.errors import TrainingError

OFFLINE = "offline"
"""The `model` of a trajectory that was planned by hand-written intents, not by a model."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Demonstration(BaseModel):
    """A trajectory to learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    id: Name
    template: Name
    tool: Name | None = None
    workspace: Name | None = None
    verified: bool = False
    trajectory: Trajectory

    @property
    def toolsets(self) -> tuple[str, ...]:
        """The names of the toolsets that were offered."""
        return tuple(sorted(self.trajectory.toolsets))


def write_demonstrations(path: Path, demonstrations: Iterable[Demonstration]) -> None:
    """Write the file, whole or not at all."""
    write_whole(path, "".join(f"{demonstration.model_dump_json()}\n" for demonstration in demonstrations))


def read_demonstrations(path: Path) -> list[Demonstration]:
    """Read a file of demonstrations. Raises TrainingError naming the line and the member that is at fault."""
    lines = read_lines(path, "trajectories", str(path))
    demonstrations = [_read_line(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    seen: set[str] = set()
    for demonstration in demonstrations:
        if demonstration.id in seen:
            raise TrainingError(f"{path}: the id {demonstration.id!r} stands there twice; ids must be unique", "id")
        seen.add(demonstration.id)
    return demonstrations


def read_lines(path: Path, member: str, named: str) -> list[str]:
    """The lines of a file of JSON lines, `named` so in errors about `member`. Raises TrainingError."""
    try:
        # Not splitlines: a text in JSON may have the other separators of lines as they are.
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise TrainingError(f"{named} cannot be read: {reason}", member) from None


def _read_line(line: str, where: str) -> Demonstration:
    try:
        return Demonstration.model_validate_json(line)
    except ValidationError as error:
        name, problem = first_problem(error)
        raise TrainingError(f"{where}: {name}: {problem}; make the trajectories again", name) from None
