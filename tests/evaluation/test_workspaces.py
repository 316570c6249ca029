"""Workspaces are repeatable, sensible and varied."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import get_args

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.workspaces import File, Shape, Size, Spec, Workspace, WorkspaceError, build, snapshot

SHAPES: tuple[Shape, ...] = get_args(Shape)
specs = st.builds(Spec, st.sampled_from(SHAPES), st.just("small"), st.integers(0, 2**32))
examples = settings(max_examples=30, deadline=None)


@functools.cache
def many() -> list[Workspace]:
    return [build(Spec(shape, "medium", seed)) for shape in SHAPES for seed in range(4)]


def text_files(workspace: Workspace, *suffixes: str) -> list[File]:
    return [file for file in workspace.files if file.path.suffix in suffixes]


@given(specs)
@examples
def test_the_same_spec_gives_the_same_workspace(spec: Spec) -> None:
    assert build(spec) == build(spec)


@given(specs)
@examples
def test_every_path_is_relative_stays_inside_and_fits_a_file_system(spec: Spec) -> None:
    workspace = build(spec)
    paths = [*(file.path for file in workspace.files), *workspace.empty_folders]
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert not path.is_absolute()
        assert all(part not in ("..", "") and part == part.strip() for part in path.parts)
        assert all(len(part.encode()) <= 255 and not set(part) & set("/\\:\0\n") for part in path.parts)


@given(specs)
@examples
def test_no_file_lies_where_another_needs_a_folder(spec: Spec) -> None:
    workspace = build(spec)
    files = {file.path for file in workspace.files}
    assert not any(parent in files for path in (*files, *workspace.empty_folders) for parent in path.parents)


@given(specs)
@examples
def test_what_claims_to_be_a_format_is_of_that_format(spec: Spec) -> None:
    workspace = build(spec)
    for file in text_files(workspace, ".json"):
        json.loads(file.content)
    for file in text_files(workspace, ".csv"):
        rows = list(csv.reader(io.StringIO(file.content.decode())))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
    for file in text_files(workspace, ".toml"):
        tomllib.loads(file.content.decode())
    for file in text_files(workspace, ".yaml"):
        yaml.safe_load(file.content)
    for file in text_files(workspace, ".py"):
        compile(file.content, str(file.path), "exec")


@given(specs)
@examples
def test_no_blank_of_a_template_is_left_open(spec: Spec) -> None:
    for file in text_files(build(spec), ".md", ".txt", ".eml", ".log", ".csv"):
        assert not re.search(r"\{[a-z_0-9]+\}", file.content.decode())
        assert not re.search(r"\{[a-z_]+\}", str(file.path))


@given(specs)
@examples
def test_no_file_is_younger_than_the_present_of_its_world(spec: Spec) -> None:
    workspace = build(spec)
    assert all(file.modified.date() <= workspace.world.today for file in workspace.files)


def test_another_seed_gives_other_names_and_other_text() -> None:
    first, second = build(Spec("office", "medium", 1)), build(Spec("office", "medium", 2))
    shared = {file.content for file in first.files} & {file.content for file in second.files}
    assert shared <= {b""}
    assert first.world.people != second.world.people


@pytest.mark.parametrize(("size", "least", "most"), [("small", 12, 32), ("medium", 50, 95), ("large", 250, 410)])
def test_sizes_mean_numbers_of_files(size: Size, least: int, most: int) -> None:
    for shape in SHAPES:
        assert least <= len(build(Spec(shape, size, 3)).files) <= most


def test_real_peculiarities_turn_up_everywhere() -> None:
    """Names with spaces, letters beyond ASCII, dotfiles, copies, empty files and folders, many types of file."""
    workspaces = many()
    paths = [str(file.path) for workspace in workspaces for file in workspace.files]
    assert sum(" " in path for path in paths) > 100
    assert sum(not path.isascii() for path in paths) > 20
    assert all(any(file.path.parts[0].startswith(".") for file in workspace.files) for workspace in workspaces)
    assert any(" copy." in path for path in paths)
    assert any(path.endswith(".bak") for path in paths)
    assert any(workspace.empty_folders for workspace in workspaces)
    assert any(not file.content for workspace in workspaces for file in workspace.files)
    assert any(len(file.content) > 50_000 for workspace in workspaces for file in workspace.files)
    assert len({PurePosixPath(path).suffix.lower() for path in paths}) >= 20
    assert {file.mode for workspace in workspaces for file in workspace.files} == {0o600, 0o644, 0o755}


def test_the_vocabulary_is_too_large_to_be_learnt_by_heart() -> None:
    """Words of the prose of 24 workspaces; the second half still brings new ones."""
    seen: set[str] = set()
    new = []
    for workspace in many():
        prose = b" ".join(file.content for file in text_files(workspace, ".md", ".txt", ".eml")).decode()
        words = set(re.findall(r"[^\W\d_]{3,}", prose))
        new.append(len(words - seen))
        seen |= words
    assert len(seen) > 2200
    assert sum(new[12:]) > 400


def test_texts_hardly_ever_repeat() -> None:
    contents = [
        file.content for workspace in many() for file in text_files(workspace, ".md", ".txt", ".csv") if file.content
    ]
    assert len(set(contents)) > 0.97 * len(contents)


def test_files_of_one_workspace_speak_of_the_same_people() -> None:
    workspace = build(Spec("office", "medium", 5))
    text = b" ".join(file.content for file in workspace.files).decode(errors="ignore")
    assert all(text.count(person.first) > 3 for person in workspace.world.people)


def test_written_twice_it_is_the_same_to_the_nanosecond(tmp_path: Path) -> None:
    workspace = build(Spec("home", "small", 7))
    first, second = workspace.write(tmp_path / "one"), workspace.write(tmp_path / "two")
    assert first == second == snapshot(tmp_path / "two")
    assert set(first.paths("file")) == {str(file.path) for file in workspace.files}


def test_a_folder_that_holds_something_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(WorkspaceError, match="is not an empty folder; name another or empty it"):
        build(Spec()).write(tmp_path)


def test_a_workspace_stays_what_it_was_when_it_is_made_again_later() -> None:
    """Tasks and training data name workspaces by their spec: a change of the generator must be a decision."""
    digest = hashlib.sha256()
    for shape in SHAPES:
        for file in build(Spec(shape, "small", 11)).files:
            digest.update(f"{file.path}\0{file.modified.isoformat()}\0{file.mode:o}\0".encode() + file.content)
    assert digest.hexdigest() == "bde6a24d0403376f5539bf06bd37ee946b01f1993da1972d4fe0d6b439eb775f"
