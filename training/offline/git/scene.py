"""The place of a request about a repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.offline import scene
from training.offline.git.values import values
from training.offline.git.view import Commit, View
from training.offline.script import Call, Unfit


@dataclass(frozen=True)
class Scene(scene.Scene[View]):
    """root: the path that the user knows the repository by."""

    root: str

    def call(self, tool: str, *, fails: bool = False, empty: bool = False, **arguments: Any) -> Call:
        return Call(tool, {"repo_path": self.root, **arguments}, fails, empty)

    def words(self, **slots: str) -> dict[str, str]:
        """Slots, with those that any phrasing may have."""
        return {"repo": self.quoted(self.root), "person": self.world.owner.first, **slots}

    def commit(self) -> Commit:
        """One of the branch that is checked out."""
        return self.pick(self.state.log)

    def said_commit(self, commit: Commit) -> str:
        """By the beginning of its hash, or all of it; the argument is what was said."""
        length = self.random.choice((7, 7, 7, 8, 10, 40))
        return commit.sha[:length]

    def revision(self) -> str:
        """A commit by its place before the last one."""
        number = self.random.randint(1, min(5, len(self.state.log) - 1))
        return self.random.choice((f"HEAD~{number}", f"HEAD~{number}", "HEAD^" if number == 1 else f"HEAD~{number}"))

    def new_branch(self) -> str:
        return self.pick([name for name in values().new_branches if name not in self.state.branches])

    def missing_file(self) -> str:
        known = {*self.state.files, *self.state.changed}
        return self.pick([name for name in values().missing_files if name not in known])

    def free_branch(self) -> str:
        """A branch that can be checked out."""
        return self.pick([branch for branch in self.state.others if not self.state.in_the_way(branch)])

    def nothing_staged(self) -> None:
        if self.state.staged:
            raise Unfit("something is staged")

    def something_staged(self) -> None:
        if not self.state.staged:
            raise Unfit("nothing is staged")

    def said_files(self, paths: list[str]) -> str:
        return self.series([self.quoted(path) for path in paths])

    def message(self) -> str:
        """A commit message that a user asks for."""
        path = self.pick(self.state.changed or self.state.files)
        name = path.rpartition("/")[2]
        stem = name.partition(".")[0] or name
        return self.random.choice(values().messages).format(
            name=name,
            stem=stem.replace("_", " "),
            person=self.pick(self.world.people).first,
            project=self.pick(self.world.projects).name,
            number=self.random.randint(2, 480),
        )
