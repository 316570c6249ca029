"""Plans that change a repository with one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.offline.git.scene import Scene
from training.offline.scene import one_call
from training.offline.script import Task

# git_add


def add_one(s: Scene) -> Task:
    path = s.pick(s.state.changed)
    return added(s, [path], s.words(file=s.quoted(path)))


def add_some(s: Scene) -> Task:
    paths = s.sample(s.state.changed, 2, 3)
    return added(s, paths, s.words(files=s.said_files(paths)))


def add_all(s: Scene) -> Task:
    return added(s, ["."], s.words())


def add_folder(s: Scene) -> Task:
    folder = s.pick(sorted({path.rpartition("/")[0] for path in s.state.changed if "/" in path}))
    return added(s, [folder], s.words(folder=s.quoted(folder)))


def added(s: Scene, paths: list[str], words: dict[str, str]) -> Task:
    said = "everything" if paths == ["."] else ", ".join(paths)
    return one_call(words, s.call("git_add", files=paths), lambda text: f"I staged {said}.", said)


# git_commit


def commit(s: Scene) -> Task:
    s.something_staged()
    message = s.message()
    return one_call(s.words(message=s.enclosed(message)), s.call("git_commit", message=message), committed)


def committed(text: str) -> str:
    return f"Committed as {text.rpartition(' ')[2][:7]}."


# git_reset


def reset(s: Scene) -> Task:
    s.something_staged()
    return one_call(s.words(), s.call("git_reset"), lambda text: "Nothing is staged any more; your changes are kept.")


def reset_file(s: Scene) -> Task:
    """The only file that is staged."""
    if len(s.state.staged) > 1:
        s.nothing_staged()
    path = s.pick(s.state.staged)
    return one_call(s.words(file=s.quoted(path)), s.call("git_reset"), lambda text: f"{path} is not staged any more.")


# git_create_branch and git_checkout


def create_branch(s: Scene) -> Task:
    name = s.new_branch()
    return _created(s, name, s.words(branch=s.quoted(name)))


def create_branch_from(s: Scene) -> Task:
    name, base = s.new_branch(), s.pick([*s.state.branches, *s.state.branches, *s.state.tags])
    return _created(s, name, s.words(branch=s.quoted(name), base=s.quoted(base)), base_branch=base)


def _created(s: Scene, name: str, words: dict[str, str], **base: Any) -> Task:
    call = s.call("git_create_branch", branch_name=name, **base)
    return one_call(words, call, lambda text: f"{text}.", name)


def checkout(s: Scene) -> Task:
    branch = s.free_branch()
    return checked_out(s, branch, s.words(branch=s.quoted(branch)))


def checked_out(s: Scene, branch: str, words: dict[str, str]) -> Task:
    return one_call(words, s.call("git_checkout", branch_name=branch), lambda text: f"You are on {branch} now.", branch)


PLANS: tuple[Callable[[Scene], Task], ...] = (
    add_one,
    add_some,
    add_all,
    add_folder,
    commit,
    reset,
    reset_file,
    create_branch,
    create_branch_from,
    checkout,
)
