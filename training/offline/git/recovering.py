"""Plans for requests in which something is not as the user thinks: a call fails, and git's state tells why."""

from __future__ import annotations

from collections.abc import Callable

from training.offline.git import answers
from training.offline.git.scene import Scene
from training.offline.script import Call, Script, Task, Unfit


def nothing_staged(s: Scene) -> Task:
    """A commit of nothing."""
    s.nothing_staged()
    message = s.message()

    def script() -> Script:
        yield s.call("git_commit", fails=True, message=message)
        text = yield s.call("git_status")
        return f"Nothing is staged, so I committed nothing. {answers.status(text)}\nTell me what to stage."

    return Task(s.words(message=s.enclosed(message)), script())


def misspelt_branch(s: Scene) -> Task:
    """A branch that has a slightly other name."""
    branch = s.free_branch()
    wrong = s.random.choice(
        (branch.replace("/", "-"), branch.replace("-", "_"), branch.rpartition("/")[2], branch.upper(), f"{branch}s")
    )
    if wrong in (*s.state.branches, *s.state.tags):
        raise Unfit("the same name")

    def script() -> Script:
        yield s.call("git_checkout", fails=True, branch_name=wrong)
        found = answers.names_of((yield s.call("git_branch", branch_type="local")))
        if branch not in found:
            raise Unfit("no such branch")
        yield s.call("git_checkout", branch_name=branch)
        return f"There is no branch {wrong}; you are on {branch} now."

    return Task(s.words(branch=s.quoted(wrong)), script())


def missing_branch(s: Scene) -> Task:
    """A branch that there is not, under no name."""
    branch = s.new_branch()

    def script() -> Script:
        yield s.call("git_checkout", fails=True, branch_name=branch)
        text = yield s.call("git_branch", branch_type="all")
        return f"There is no branch {branch}. There are: {', '.join(answers.names_of(text))}."

    return Task(s.words(branch=s.quoted(branch)), script())


def branch_exists(s: Scene) -> Task:
    branch = s.pick(s.state.branches)
    call = s.call("git_create_branch", fails=True, branch_name=branch)
    return _refused(
        s.words(branch=s.quoted(branch)), call, f"There is a branch {branch} already, so I left it as it is."
    )


def missing_base(s: Scene) -> Task:
    branch, base = (s.new_branch() for _ in range(2))
    if branch == base:
        raise Unfit("the same branch")

    def script() -> Script:
        yield s.call("git_create_branch", fails=True, branch_name=branch, base_branch=base)
        text = yield s.call("git_branch", branch_type="local")
        found = ", ".join(answers.names_of(text))
        return f"There is no {base} to begin {branch} at. The branches are: {found}."

    return Task(s.words(branch=s.quoted(branch), base=s.quoted(base)), script())


def missing_file(s: Scene) -> Task:
    path = s.missing_file()

    def script() -> Script:
        yield s.call("git_add", fails=True, files=[path])
        text = yield s.call("git_status")
        return f"There is no {path}, so nothing was staged. {answers.status(text)}"

    return Task(s.words(file=s.quoted(path)), script())


def unknown_revision(s: Scene) -> Task:
    """A commit that there is not."""
    sha = f"{s.random.getrandbits(28):07x}"

    def script() -> Script:
        yield s.call("git_show", fails=True, revision=sha)
        text = yield s.call("git_log")
        return f"There is no commit {sha}. The last ones are:\n{answers.log(text)}"

    return Task(s.words(revision=sha), script())


def blocked(s: Scene) -> Task:
    """Changes that a checkout would overwrite."""
    branch = s.pick(s.state.others)
    if not (changes := s.state.in_the_way(branch)):
        raise Unfit("nothing is in the way")

    def script() -> Script:
        yield s.call("git_checkout", fails=True, branch_name=branch)
        yield s.call("git_status")
        return f"Your changes of {', '.join(changes)} are in the way of {branch}; commit or undo them first."

    return Task(s.words(branch=s.quoted(branch)), script())


def elsewhere(s: Scene) -> Task:
    """Another repository than the one that may be worked on."""
    path = f"{s.root.rpartition('/')[0]}/{s.pick(s.world.clients).lower().replace(' ', '-')}"
    call = Call("git_status", {"repo_path": path}, fails=True)
    return _refused(s.words(repo=path, outside=path), call, f"I may not look into {path}; I can only work in {s.root}.")


def _refused(words: dict[str, str], call: Call, answer: str) -> Task:
    def script() -> Script:
        yield call
        return answer

    return Task(words, script())


PLANS: tuple[Callable[[Scene], Task], ...] = (
    nothing_staged,
    misspelt_branch,
    missing_branch,
    branch_exists,
    missing_base,
    missing_file,
    unknown_revision,
    blocked,
    elsewhere,
)
