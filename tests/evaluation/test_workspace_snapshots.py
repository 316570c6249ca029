"""Snapshots see every change, and differences name it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evaluation.workspaces import Diff, Entry, Snapshot, Spec, build, diff, snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    build(Spec("home", "small", 1)).write(tmp_path / "root")
    return tmp_path / "root"


def a_file(root: Path) -> tuple[Path, str]:
    path = next(path for path in snapshot(root).paths("file") if path.endswith(".md"))
    return root / path, path


def test_nothing_done_is_no_difference(root: Path) -> None:
    difference = diff(snapshot(root), snapshot(root))
    assert difference == Diff()
    assert not difference


def test_a_new_file_in_a_new_folder_is_two_new_paths(root: Path) -> None:
    before = snapshot(root)
    (root / "new").mkdir()
    (root / "new/note.txt").write_text("x", encoding="utf-8")
    assert diff(before, snapshot(root)) == Diff(created=("new", "new/note.txt"))


def test_a_deleted_file_is_named(root: Path) -> None:
    before, (file, path) = snapshot(root), a_file(root)
    file.unlink()
    assert diff(before, snapshot(root)) == Diff(deleted=(path,))


def test_a_moved_file_is_neither_new_nor_deleted(root: Path) -> None:
    before, (file, path) = snapshot(root), a_file(root)
    file.rename(root / "elsewhere.md")
    assert diff(before, snapshot(root)) == Diff(moved=((path, "elsewhere.md"),))


def test_of_equal_files_the_one_with_the_same_name_was_moved(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a/one.txt").write_text("same", encoding="utf-8")
    (tmp_path / "b/two.txt").write_text("same", encoding="utf-8")
    before = snapshot(tmp_path)
    (tmp_path / "b/two.txt").rename(tmp_path / "c/two.txt")
    (tmp_path / "a/one.txt").unlink()
    assert diff(before, snapshot(tmp_path)) == Diff(deleted=("a/one.txt",), moved=(("b/two.txt", "c/two.txt"),))


def test_a_rewritten_file_differs_in_content_size_and_time(root: Path) -> None:
    before, (file, path) = snapshot(root), a_file(root)
    file.write_text("other", encoding="utf-8")
    assert diff(before, snapshot(root)) == Diff(changed={path: ("modified_ns", "size", "sha256")})


def test_an_edit_of_the_same_length_at_the_same_time_is_seen(root: Path) -> None:
    before, (file, path) = snapshot(root), a_file(root)
    status, content = file.stat(), file.read_bytes()
    file.write_bytes(content[::-1])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert diff(before, snapshot(root)) == Diff(changed={path: ("sha256",)})


def test_permissions_and_kinds_count(root: Path) -> None:
    before, (file, path) = snapshot(root), a_file(root)
    file.chmod(0o400)
    assert diff(before, snapshot(root)) == Diff(changed={path: ("mode",)})
    file.unlink()
    file.mkdir()
    assert "kind" in diff(before, snapshot(root)).changed[path]


def test_a_link_is_recorded_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.txt").touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to("../outside")
    entries = snapshot(tmp_path / "root").entries
    assert {path: (entry.kind, entry.target) for path, entry in entries.items()} == {"link": ("link", "../outside")}


def test_a_snapshot_survives_being_written_down(root: Path) -> None:
    taken = snapshot(root)
    assert Snapshot.from_json(taken.to_json()) == taken
    odd = Snapshot({'naïve "name"\n.txt': Entry("file", 0o644, 1, 2, "ab")})
    assert Snapshot.from_json(odd.to_json()) == odd
