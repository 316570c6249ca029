"""A git repository as plans see it, read by git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from training.errors import TrainingError

_FIELDS = "%H%x1f%an%x1f%aI%x1f%s%x1e"


@dataclass(frozen=True)
class Commit:
    """day: of its author, as `2024-03-01`. files: that it changed."""

    sha: str
    author: str
    day: str
    subject: str
    files: tuple[str, ...]

    @property
    def short(self) -> str:
        return self.sha[:7]


@dataclass(frozen=True)
class View:
    """log: of the branch that is checked out, the newest first. files: what that branch's last commit has.

    elsewhere: commits that are on other branches only. staged, modified, untracked: paths of changes that are to be
    committed, of those that are not staged, and of files that git does not track yet.
    """

    root: Path
    head: str
    branches: tuple[str, ...]
    remote: tuple[str, ...]
    tags: tuple[str, ...]
    log: tuple[Commit, ...]
    elsewhere: tuple[Commit, ...]
    files: tuple[str, ...]
    staged: tuple[str, ...]
    modified: tuple[str, ...]
    untracked: tuple[str, ...]

    @property
    def others(self) -> tuple[str, ...]:
        """The branches that are not checked out."""
        return tuple(branch for branch in self.branches if branch != self.head)

    @property
    def changed(self) -> tuple[str, ...]:
        """All that could be staged."""
        return (*self.modified, *self.untracked)

    def in_the_way(self, branch: str) -> list[str]:
        """The changes that checking this branch out would overwrite."""
        differing = git(self.root, "diff", "--name-only", "-z", "HEAD", branch, "--").split("\0")
        return sorted({*differing} & {*self.staged, *self.changed})


def git(root: Path, *words: str, stdin: bytes | None = None) -> str:
    """What git prints. Raises TrainingError where there is no git."""
    program = shutil.which("git")
    if program is None:
        raise TrainingError("repositories are made by git; install it", "git")
    command = [program, "-C", str(root), "-c", "core.quotePath=false", *words]
    # What the user of this machine has configured must not show in what is learnt from.
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    return subprocess.run(command, input=stdin, capture_output=True, check=True, env=env).stdout.decode()


def look(root: Path) -> View:
    """The repository as it is now."""
    head = git(root, "branch", "--show-current").strip()
    refs = git(root, "for-each-ref", "--format=%(refname)").split()
    log = _commits(git(root, "log", "--name-only", f"--format=%x1d{_FIELDS}"))
    known = {commit.sha for commit in log}
    everything = _commits(git(root, "log", "--branches", "--name-only", f"--format=%x1d{_FIELDS}"))
    staged, modified, untracked = _status(git(root, "status", "--porcelain", "-z", "--no-renames", "-uall"))
    return View(
        root=root,
        head=head,
        branches=_under(refs, "refs/heads/"),
        remote=_under(refs, "refs/remotes/"),
        tags=_under(refs, "refs/tags/"),
        log=log,
        elsewhere=tuple(commit for commit in everything if commit.sha not in known),
        files=tuple(git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD").strip("\0").split("\0")),
        staged=staged,
        modified=modified,
        untracked=untracked,
    )


def _under(refs: list[str], folder: str) -> tuple[str, ...]:
    return tuple(ref.removeprefix(folder) for ref in refs if ref.startswith(folder))


def _commits(text: str) -> tuple[Commit, ...]:
    commits = []
    for entry in text.split("\x1d")[1:]:
        fields, _, files = entry.partition("\x1e")
        sha, author, date, subject = fields.split("\x1f")
        commits.append(Commit(sha, author, date[:10], subject, tuple(filter(None, files.split("\n")))))
    return tuple(commits)


def _status(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Paths of changes that are staged, that are not, and of files that are not tracked."""
    entries = [(entry[0], entry[1], entry[3:]) for entry in text.split("\0") if entry]
    return (
        tuple(path for index, _, path in entries if index not in " ?"),
        tuple(path for _, tree, path in entries if tree not in " ?"),
        tuple(path for index, _, path in entries if index == "?"),
    )
