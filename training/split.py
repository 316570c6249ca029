"""Which demonstrations are trained on, validated on and tested on: by template, never by sample.

All demonstrations of a template are on one side, so that validation and test show no wording that was trained on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.files import write_whole
from toolsets.manifest import first_problem
from training.errors import TrainingError
from training.trajectory import Demonstration

TEST_TASKS = 50
"""Tasks in a toolset's test set (DualTune, section 4.1.1)."""
VALIDATION_SHARE = 0.2
_TEST_SHARE = 0.25
"""Of a tool's templates the test set takes no more, so that it does not use up a small set of data."""

Ids = list[str]
Templates = dict[str, Ids]
"""The demonstrations of each template, the templates in random order."""


class Split(BaseModel):
    """Ids of demonstrations. `unused` have templates of the test set, or of another that was held out already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    unused: tuple[str, ...]


def split(
    demonstrations: Collection[Demonstration],
    *,
    seed: int = 0,
    test_tasks: int = TEST_TASKS,
    held_out: Collection[str] = (),
    validation_share: float = VALIDATION_SHARE,
) -> Split:
    """`test_tasks` for each toolset, evenly of all its tools; of the rest `validation_share` for validation.

    What has a template of `held_out` is on no side. A tool with a single template is only trained on. The same
    demonstrations and seed give the same split.
    """
    train, validation, test = Ids(), Ids(), Ids()
    unused = [demonstration.id for demonstration in demonstrations if demonstration.template in held_out]
    known = [demonstration for demonstration in demonstrations if demonstration.template not in held_out]
    for tools in _by_toolsets_and_tool(known, seed).values():
        rounds = _columns([_test_candidates(templates) for templates in tools.values()])
        chosen = set(rounds[:test_tasks])
        test += chosen
        for templates in tools.values():
            tested = {name for name, ids in templates.items() if chosen.intersection(ids)}
            unused += [id for name in tested for id in templates[name] if id not in chosen]
            rest = {name: ids for name, ids in templates.items() if name not in tested}
            validated = _validated(rest, validation_share)
            for name, ids in rest.items():
                (validation if name in validated else train).extend(ids)
    sides = {"train": train, "validation": validation, "test": test, "unused": unused}
    return Split(seed=seed, **{name: tuple(sorted(ids)) for name, ids in sides.items()})


def write_split(path: Path, split: Split) -> None:
    """Write the file, whole or not at all."""
    write_whole(path, split.model_dump_json(indent=1) + "\n")


def read_split(path: Path, known: Iterable[str]) -> Split:
    """Read a file that `write_split` made for the demonstrations whose ids are `known`. Raises TrainingError."""
    try:
        split = Split.model_validate_json(path.read_bytes())
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}", "split") from None
    except ValidationError as error:
        name, problem = first_problem(error)
        raise TrainingError(f"{path}: {name}: {problem}; split the trajectories again", name) from None
    if {*split.train, *split.validation, *split.test, *split.unused} != set(known):
        raise TrainingError(f"{path} is the split of other trajectories; split these again", "split")
    return split


def _by_toolsets_and_tool(
    demonstrations: Iterable[Demonstration], seed: int
) -> dict[tuple[str, ...], dict[str, Templates]]:
    by_template: dict[str, list[Demonstration]] = defaultdict(list)
    for demonstration in demonstrations:
        by_template[demonstration.template].append(demonstration)
    grouped: dict[tuple[str, ...], dict[str, Templates]] = defaultdict(lambda: defaultdict(dict))
    for template in sorted(by_template, key=lambda name: _shuffled(name, seed)):
        together = by_template[template]
        first = together[0]  # Were a template used for two tools, it would still be on one side.
        ids = sorted((demonstration.id for demonstration in together), key=lambda id: _shuffled(id, seed))
        grouped[first.toolsets][first.tool or ""][template] = ids
    return {toolsets: dict(sorted(tools.items())) for toolsets, tools in sorted(grouped.items())}


def _shuffled(name: str, seed: int) -> str:
    """A key to sort by that is random and depends on nothing else in the data."""
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()


def _test_candidates(templates: Mapping[str, Ids]) -> Ids:
    """What of a tool may be tested, of as many templates as there are before any is used twice."""
    limit = min(len(templates) - 1, max(1, int(len(templates) * _TEST_SHARE)))
    return _columns(list(templates.values())[:limit])


def _columns(rows: Sequence[Ids]) -> Ids:
    """The first of each row, then the second of each, and so on as long as there are any."""
    return [id for column in zip_longest(*rows) for id in column if id is not None]


def _validated(templates: Mapping[str, Ids], share: float) -> set[str]:
    """Templates with this share of the demonstrations, or the next more; never all of them."""
    wanted = share * sum(map(len, templates.values()))
    validated: set[str] = set()
    count = 0
    for name, ids in list(templates.items())[:-1]:
        if count >= wanted:
            break
        validated.add(name)
        count += len(ids)
    return validated
