"""Choose what the shipped filesystem adapters were trained on: `python choose.py all.jsonl [searches.jsonl]`.

Writes fs5000.jsonl, 5,000 demonstrations at random, and split.json, theirs; fs12k.jsonl, all but those of phrasings
that are held out there; fsnew4000.jsonl, 4,000 of these that are not among the 5,000. With searches.jsonl only
search.jsonl: every demonstration that searches a folder, and as many that search the whole workspace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from training.split import split, write_split
from training.trajectory import read_demonstrations


def choose(every: Path) -> None:
    lines = every.read_text(encoding="utf-8").splitlines()
    Random(5).shuffle(lines)
    some = Path("fs5000.jsonl")
    _write(some, lines[:5000])
    parted = split(read_demonstrations(some))
    write_split(Path("split.json"), parted)
    apart = {*parted.test, *parted.unused}
    held_out = {d["template"] for d in map(json.loads, lines[:5000]) if d["id"] in apart}
    kept = [
        line for line in every.read_text(encoding="utf-8").splitlines() if json.loads(line)["template"] not in held_out
    ]
    _write(Path("fs12k.jsonl"), kept)
    known = set(lines[:5000])
    new = [line for line in kept if line not in known]
    Random(7).shuffle(new)
    _write(Path("fsnew4000.jsonl"), new[:4000])


def choose_searches(*files: Path) -> None:
    in_folder: list[str] = []
    everywhere: list[str] = []
    for line in (line for file in files for line in file.read_text(encoding="utf-8").splitlines()):
        places = _searched(json.loads(line))
        if places:
            (everywhere if places == {"."} else in_folder).append(line)
    Random(1).shuffle(everywhere)
    _write(Path("search.jsonl"), in_folder + everywhere[: len(in_folder)])


def _searched(demonstration: Any) -> set[str]:
    calls = [seen["call"] for step in demonstration["trajectory"]["steps"] for seen in step["calls"]]
    return {json.loads(call["arguments"])["path"] for call in calls if call["name"] == "search_files"}


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[1:]]
    if len(files) > 1:
        choose_searches(Path("fs12k.jsonl"), *files[1:])
    else:
        choose(*files)
