"""Keep a twentieth of demonstrations for validation, in place of a fifth: `python share.py RUN FILE [FILE ...]`.

Writes RUN/split.json, which `dualtune train fit` goes by. Phrasings of the TestSet's tasks are on no side.
"""

from __future__ import annotations

import sys
from pathlib import Path

import training.split
from training.phrasings import read_templates
from training.trajectory import read_demonstrations

_TASKS = Path("evaluation/tasks/data/filesystem-testset.jsonl")


def main(run: Path, files: list[Path]) -> None:
    training.split.VALIDATION_SHARE = 0.05
    found = [demonstration for file in files for demonstration in read_demonstrations(file)]
    parted = training.split.split(found, test_tasks=0, held_out=read_templates(_TASKS))
    run.mkdir(parents=True, exist_ok=True)
    training.split.write_split(run / "split.json", parted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
