"""Files of demonstrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.world import demonstration, read
from training.errors import TrainingError
from training.trajectory import read_demonstrations, write_demonstrations


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    written = [demonstration("one", read("ä.txt", "a\nb")), demonstration("two", tool=None)]
    write_demonstrations(tmp_path / "t.jsonl", written)
    assert read_demonstrations(tmp_path / "t.jsonl") == written


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    write_demonstrations(file, [demonstration("one")])
    file.write_text(file.read_text() + file.read_text().replace('"outcome":"answered"', '"outcome":"won"'))
    with pytest.raises(TrainingError, match=rf"{file}:2: trajectory\.outcome: .* make the trajectories again"):
        read_demonstrations(file)


def test_a_line_that_was_cut_off_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    write_demonstrations(file, [demonstration("one")])
    file.write_text(file.read_text()[:-20])
    with pytest.raises(TrainingError, match=f"{file}:1: "):
        read_demonstrations(file)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    write_demonstrations(tmp_path / "t.jsonl", [demonstration("one"), demonstration("one")])
    with pytest.raises(TrainingError, match="the id 'one' stands there twice"):
        read_demonstrations(tmp_path / "t.jsonl")


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"\xff", "not UTF-8")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "t.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TrainingError, match=f"{file} cannot be read: .*{reason}"):
        read_demonstrations(file)
