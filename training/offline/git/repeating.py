"""Plans that take several calls."""

from __future__ import annotations

from collections.abc import Callable

from training.offline.answers import excerpt
from training.offline.git import answers
from training.offline.git.scene import Scene
from training.offline.git.writing import committed
from training.offline.scene import several_calls
from training.offline.script import Script, Task, Unfit


def add_commit(s: Scene) -> Task:
    paths, message = s.sample(s.state.changed, 1, 2), s.message()
    calls = [s.call("git_add", files=paths), s.call("git_commit", message=message)]
    words = s.words(files=s.said_files(paths), message=s.enclosed(message))
    return several_calls(words, calls, lambda texts: committed(texts[1]))


def commit_all(s: Scene) -> Task:
    message = s.message()
    calls = [s.call("git_add", files=["."]), s.call("git_commit", message=message)]
    return several_calls(s.words(message=s.enclosed(message)), calls, lambda texts: committed(texts[1]))


def add_status(s: Scene) -> Task:
    path = s.pick(s.state.changed)
    calls = [s.call("git_add", files=[path]), s.call("git_status")]
    return several_calls(
        s.words(file=s.quoted(path)), calls, lambda texts: f"{path} is staged. {answers.status(texts[1])}"
    )


def add_diff(s: Scene) -> Task:
    path = s.pick(s.state.changed)
    calls = [s.call("git_add", files=[path]), s.call("git_diff_staged")]
    return several_calls(
        s.words(file=s.quoted(path)), calls, lambda texts: f"{path} is staged. {answers.diff(texts[1])}"
    )


def start_branch(s: Scene) -> Task:
    """A branch, and onto it; nothing is in the way, since it begins here."""
    name = s.new_branch()
    calls = [s.call("git_create_branch", branch_name=name), s.call("git_checkout", branch_name=name)]
    return several_calls(s.words(branch=s.quoted(name)), calls, lambda texts: f"You are on the new branch {name} now.")


def start_branch_from(s: Scene) -> Task:
    name, base = s.new_branch(), s.free_branch()
    calls = [
        s.call("git_create_branch", branch_name=name, base_branch=base),
        s.call("git_checkout", branch_name=name),
    ]
    words = s.words(branch=s.quoted(name), base=s.quoted(base))
    return several_calls(words, calls, lambda texts: f"You are on {name} now, which begins at {base}.")


def checkout_log(s: Scene) -> Task:
    branch, count = s.free_branch(), s.random.choice((2, 3, 5))
    calls = [s.call("git_checkout", branch_name=branch), s.call("git_log", max_count=count)]
    words = s.words(branch=s.quoted(branch), n=s.number(count))
    return several_calls(
        words, calls, lambda texts: f"You are on {branch} now. Its last commits:\n{answers.log(texts[1])}"
    )


def checkout_status(s: Scene) -> Task:
    branch = s.free_branch()
    calls = [s.call("git_checkout", branch_name=branch), s.call("git_status")]
    words = s.words(branch=s.quoted(branch))
    return several_calls(words, calls, lambda texts: f"You are on {branch} now. {answers.status(texts[1])}")


def reset_status(s: Scene) -> Task:
    s.something_staged()
    calls = [s.call("git_reset"), s.call("git_status")]
    return several_calls(s.words(), calls, lambda texts: f"Nothing is staged now. {answers.status(texts[1])}")


def reset_add(s: Scene) -> Task:
    """Of all that is staged, something else only."""
    s.something_staged()
    path = s.pick(s.state.changed)
    calls = [s.call("git_reset"), s.call("git_add", files=[path])]
    return several_calls(s.words(file=s.quoted(path)), calls, lambda texts: f"Only {path} is staged now.")


def review(s: Scene) -> Task:
    s.something_staged()
    calls = [s.call("git_diff_staged"), s.call("git_diff_unstaged")]

    def answer(texts: list[str]) -> str:
        return f"Staged: {answers.diff(texts[0])}\nNot staged: {answers.diff(texts[1])}"

    return several_calls(s.words(), calls, answer)


def status_diff(s: Scene) -> Task:
    calls = [s.call("git_status"), s.call("git_diff_unstaged")]
    return several_calls(s.words(), calls, lambda texts: f"{answers.status(texts[0])}\n{answers.diff(texts[1])}")


def status_log(s: Scene) -> Task:
    count = s.random.choice((2, 3, 5))
    calls = [s.call("git_status"), s.call("git_log", max_count=count)]
    return several_calls(
        s.words(n=s.number(count)), calls, lambda texts: f"{answers.status(texts[0])}\n\n{answers.log(texts[1])}"
    )


def branches_log(s: Scene) -> Task:
    calls = [s.call("git_branch", branch_type="local"), s.call("git_log", max_count=1)]
    return several_calls(s.words(), calls, lambda texts: f"{answers.branches(texts[0])}\n{answers.log(texts[1])}")


def commit_log(s: Scene) -> Task:
    s.something_staged()
    message = s.message()
    calls = [s.call("git_commit", message=message), s.call("git_log", max_count=3)]
    return several_calls(
        s.words(message=s.enclosed(message)), calls, lambda texts: f"{committed(texts[0])}\n{answers.log(texts[1])}"
    )


# The later calls need what the earlier ones found


def find_commit(s: Scene) -> Task:
    """A commit by its message: the log has its hash."""
    wanted = s.pick([commit for commit in s.state.log[:10] if _is_alone(s, commit.subject)])

    def script() -> Script:
        found = [entry for entry in answers.commits((yield s.call("git_log"))) if entry[3] == wanted.subject]
        if len(found) != 1:
            raise Unfit("no such commit in the log")
        return excerpt((yield s.call("git_show", revision=found[0][0])))

    return Task(s.words(subject=s.enclosed(wanted.subject)), script())


def _is_alone(s: Scene, subject: str) -> bool:
    return sum(commit.subject == subject for commit in s.state.log) == 1


def show_before_last(s: Scene) -> Task:
    """The last few commits, then the oldest of them."""
    count = s.random.choice((2, 3, 4))

    def script() -> Script:
        found = answers.commits((yield s.call("git_log", max_count=count)))
        if len(found) < count:
            raise Unfit("too few commits")
        return excerpt((yield s.call("git_show", revision=found[-1][0])))

    return Task(s.words(n=s.number(count)), script())


def stage_modified(s: Scene) -> Task:
    """What git tracks and is changed; the status tells."""

    def script() -> Script:
        names = _modified((yield s.call("git_status")))
        yield s.call("git_add", files=names)
        return f"I staged {', '.join(names)}."

    return Task(s.words(), script())


def stage_untracked(s: Scene) -> Task:
    def script() -> Script:
        _, _, listed = (yield s.call("git_status")).partition("Untracked files:")
        names = [line.strip() for line in listed.splitlines() if line.startswith("\t")]
        if not names:
            raise Unfit("nothing untracked")
        yield s.call("git_add", files=names)
        return f"I staged the new {'file' if len(names) == 1 else 'files'} {', '.join(names)}."

    return Task(s.words(), script())


def commit_modified(s: Scene) -> Task:
    s.nothing_staged()
    message = s.message()

    def script() -> Script:
        names = _modified((yield s.call("git_status")))
        yield s.call("git_add", files=names)
        return f"{', '.join(names)}: {committed((yield s.call('git_commit', message=message)))}"

    return Task(s.words(message=s.enclosed(message)), script())


def _modified(text: str) -> list[str]:
    """The tracked files of a status that have changes which are not staged."""
    _, _, listed = text.partition("Changes not staged for commit:")
    listed = listed.partition("Untracked files:")[0]
    names = [line.split(":", 1)[1].strip() for line in listed.splitlines() if line.startswith("\tmodified:")]
    if not names:
        raise Unfit("nothing modified")
    return names


PLANS: tuple[Callable[[Scene], Task], ...] = (
    add_commit,
    commit_all,
    add_status,
    add_diff,
    start_branch,
    start_branch_from,
    checkout_log,
    checkout_status,
    reset_status,
    reset_add,
    review,
    status_diff,
    status_log,
    branches_log,
    commit_log,
    find_commit,
    show_before_last,
    stage_modified,
    stage_untracked,
    commit_modified,
)
