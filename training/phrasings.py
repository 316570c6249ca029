"""Phrasings that are tested and must not be trained on, as files name them.

A demonstration has its template; a task that was made of a demonstration names it in its `source`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path

from training.errors import TrainingError
from training.trajectory import Demonstration, read_lines

_IN_SOURCE = re.compile(r" \((.+)\)$")


def source(demonstration: Demonstration) -> str:
    """What a task that is made of it says it was made of, from which `read_templates` takes the template again."""
    return f"{demonstration.id} ({demonstration.template})"


def read_templates(path: Path | None) -> frozenset[str]:
    """The templates in a file of demonstrations, or of tasks that were made of them; none without a file.

    Raises TrainingError for other files.
    """
    if path is None:
        return frozenset()
    lines = read_lines(path, "hold_out", f"--hold-out {path}")
    templates = frozenset(map(_template, filter(str.strip, lines)))
    if not templates or None in templates:
        raise TrainingError(
            f"--hold-out {path}: not every line names a phrasing; give a run's test.jsonl, or tasks that "
            "`dualtune eval make-tasks testset` made",
            "hold_out",
        )
    return frozenset(filter(None, templates))


def templates_digest(templates: Collection[str]) -> str | None:
    """SHA-256, in hexadecimal, of the templates in whatever order they come; None of none."""
    return hashlib.sha256("\n".join(sorted(templates)).encode()).hexdigest() if templates else None


def _template(line: str) -> str | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    named = _IN_SOURCE.search(str(record.get("source", "")))
    return record.get("template") or (named and named[1])
