"""A file of JSON lines that only grows: what is in it was paid for, and survives whatever ends the process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from toolsets.manifest import first_problem
from training.errors import TrainingError

Line = TypeVar("Line")


class Journal(Generic[Line]):
    """The file at `path`, new or to go on with."""

    def __init__(self, path: Path, lines: TypeAdapter[Line]) -> None:
        self.path = path
        self._lines = lines

    def read(self) -> list[Line]:
        """What is there; of a last line without an end, which a stop left, nothing stays.

        Raises TrainingError, and leaves the file as it is, where a line is something else.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        end = content.rfind(b"\n") + 1
        found = [self._parsed(line, number) for number, line in enumerate(content[:end].splitlines(), 1)]
        if rest := content[end:]:
            if not (found or rest.startswith(b'{"')):
                self._parsed(rest, 1)
            os.truncate(self.path, end)
        return found

    def append(self, line: Line) -> None:
        """Write a line to the disk before anything else happens."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(self._lines.dump_json(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _parsed(self, line: bytes, number: int) -> Line:
        try:
            return self._lines.validate_json(line)
        except ValidationError as error:
            name, problem = first_problem(error)
            raise TrainingError(f"{self.path}:{number}: {name}: {problem}; name another file", "out") from None
