"""Plans that look at a repository with one call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from training.offline.answers import excerpt
from training.offline.git import answers
from training.offline.git.scene import Scene
from training.offline.scene import no_call, one_call
from training.offline.script import Task

# git_status


def status(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_status"), answers.status)


def is_clean(s: Scene) -> Task:
    def answer(text: str) -> str:
        clean = "nothing to commit" in text
        return "Yes, everything is committed." if clean else f"No. {answers.status(text)}"

    return one_call(s.words(), s.call("git_status"), answer)


def current_branch(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_status"), lambda text: f"You are on {answers.branch(text)}.")


def untracked(s: Scene) -> Task:
    def answer(text: str) -> str:
        _, _, listed = text.partition("Untracked files:")
        names = [line.strip() for line in listed.splitlines() if line.startswith("\t")]
        return f"Git does not track: {', '.join(names)}." if names else "There are no untracked files."

    return one_call(s.words(), s.call("git_status"), answer)


# git_diff_unstaged and git_diff_staged


def unstaged(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_diff_unstaged"), answers.diff)


def unstaged_context(s: Scene) -> Task:
    lines = s.random.choice((0, 1, 2, 5, 6, 8, 10))
    return one_call(s.words(n=str(lines)), s.call("git_diff_unstaged", context_lines=lines), answers.diff)


def staged(s: Scene) -> Task:
    s.something_staged()
    return one_call(s.words(), s.call("git_diff_staged"), answers.diff)


def staged_context(s: Scene) -> Task:
    s.something_staged()
    lines = s.random.choice((0, 1, 2, 5, 6, 8, 10))
    return one_call(s.words(n=str(lines)), s.call("git_diff_staged", context_lines=lines), answers.diff)


# git_diff


def diff_branch(s: Scene) -> Task:
    branch = s.pick(s.state.others)
    return one_call(s.words(branch=s.quoted(branch)), s.call("git_diff", target=branch), answers.diff)


def diff_commit(s: Scene) -> Task:
    revision = s.said_commit(s.commit()) if s.random.random() < 0.6 else s.revision()
    return one_call(s.words(revision=revision), s.call("git_diff", target=revision), answers.diff)


def diff_tag(s: Scene) -> Task:
    tag = s.pick(s.state.tags)
    return one_call(s.words(tag=s.quoted(tag)), s.call("git_diff", target=tag), answers.diff)


def diff_remote(s: Scene) -> Task:
    branch = s.pick(s.state.remote)
    return one_call(s.words(branch=s.quoted(branch)), s.call("git_diff", target=branch), answers.diff)


def diff_context(s: Scene) -> Task:
    branch, lines = s.pick(s.state.others), s.random.choice((0, 1, 2, 5, 6, 8, 10))
    call = s.call("git_diff", target=branch, context_lines=lines)
    return one_call(s.words(branch=s.quoted(branch), n=str(lines)), call, answers.diff)


# git_log


def log(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_log"), answers.log)


def log_count(s: Scene) -> Task:
    count = s.random.choice((2, 3, 3, 4, 5, 5, 6, 7, 8, 12, 15))
    return one_call(s.words(n=s.number(count)), s.call("git_log", max_count=count), answers.log)


def last_commit(s: Scene) -> Task:
    def answer(text: str) -> str:
        sha, author, day, message = answers.commits(text)[0]
        return f'{sha[:7]}, "{message}", by {author} on {day}.'

    return one_call(s.words(), s.call("git_log", max_count=1), answer)


def log_since(s: Scene) -> Task:
    """Days are told and passed on in the form that the server understands."""
    day = s.commit().day
    return one_call(s.words(date=day), s.call("git_log", start_timestamp=day), answers.log)


def log_until(s: Scene) -> Task:
    day = s.commit().day
    return one_call(s.words(date=day), s.call("git_log", end_timestamp=day), answers.log)


def log_between(s: Scene) -> Task:
    first, last = sorted(s.sample(sorted({commit.day for commit in s.state.log}), 2, 2))
    call = s.call("git_log", start_timestamp=first, end_timestamp=last)
    return one_call(s.words(date=first, date2=last), call, answers.log)


def log_recent(s: Scene) -> Task:
    age = s.random.choice(("yesterday", "2 days ago", "3 days ago", "1 week ago", "2 weeks ago", "1 month ago"))
    return one_call(s.words(age=age), s.call("git_log", start_timestamp=age), answers.log)


def log_since_date(s: Scene) -> Task:
    """A day as people write it, which the server takes in a form of its own."""
    day = date.fromisoformat(s.commit().day)
    said = s.random.choice(
        (f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}", f"{day:%b} {day.day} {day.year}")
    )
    return one_call(s.words(date=said), s.call("git_log", start_timestamp=str(day)), answers.log)


# git_show


def show_commit(s: Scene) -> Task:
    revision = s.said_commit(s.commit())
    return _shown(s, revision)


def show_place(s: Scene) -> Task:
    return _shown(s, s.revision())


def show_head(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_show", revision="HEAD"), excerpt)


def show_ref(s: Scene) -> Task:
    return _shown(s, s.pick([*s.state.others, *s.state.tags]))


def _shown(s: Scene, revision: str) -> Task:
    return one_call(s.words(revision=s.quoted(revision)), s.call("git_show", revision=revision), excerpt)


def show_file(s: Scene) -> Task:
    """A file as it was in some commit, or as it is on another branch."""
    path = s.pick(s.state.files)
    known = [commit.short for commit in s.state.log[: _age(s, path)]]
    revision = s.pick([*known, "HEAD"])
    words = s.words(revision=revision, file=s.quoted(path))
    return one_call(words, s.call("git_show", revision=f"{revision}:{path}"), excerpt)


def _age(s: Scene, path: str) -> int:
    """How many of the last commits had the file."""
    return max(number for number, commit in enumerate(s.state.log, 1) if path in commit.files)


def show_folder(s: Scene) -> Task:
    folder = s.pick(sorted({path.partition("/")[0] for path in s.state.files if "/" in path}))
    branch = s.random.choice((s.state.head, "HEAD"))
    words = s.words(revision=branch, folder=s.quoted(folder))
    return one_call(words, s.call("git_show", revision=f"{branch}:{folder}"), excerpt)


# git_branch


def branches_local(s: Scene) -> Task:
    return _branches(s, "local")


def branches_remote(s: Scene) -> Task:
    return _branches(s, "remote")


def branches_all(s: Scene) -> Task:
    return _branches(s, "all")


def _branches(s: Scene, kind: str) -> Task:
    return one_call(s.words(), s.call("git_branch", branch_type=kind), answers.branches)


def branches_with(s: Scene) -> Task:
    sha = s.said_commit(s.commit())
    call = s.call("git_branch", branch_type="local", contains=sha)
    return one_call(s.words(revision=sha), call, answers.branches)


def branches_without(s: Scene) -> Task:
    sha = s.said_commit(s.pick(s.state.elsewhere))
    call = s.call("git_branch", branch_type="local", not_contains=sha)
    return one_call(s.words(revision=sha), call, answers.branches)


def branches_all_with(s: Scene) -> Task:
    sha = s.said_commit(s.commit())
    call = s.call("git_branch", branch_type="all", contains=sha)
    return one_call(s.words(revision=sha), call, answers.branches)


# No tool


def talk(s: Scene) -> Task:
    return no_call(
        s.words(branch=s.pick(s.state.branches), file=s.pick(s.state.files), person=s.pick(s.world.people).first)
    )


PLANS: tuple[Callable[[Scene], Task], ...] = (
    status,
    is_clean,
    current_branch,
    untracked,
    unstaged,
    unstaged_context,
    staged,
    staged_context,
    diff_branch,
    diff_commit,
    diff_tag,
    diff_remote,
    diff_context,
    log,
    log_count,
    last_commit,
    log_since,
    log_until,
    log_between,
    log_recent,
    log_since_date,
    show_commit,
    show_place,
    show_head,
    show_ref,
    show_file,
    show_folder,
    branches_local,
    branches_remote,
    branches_all,
    branches_with,
    branches_without,
    branches_all_with,
    talk,
)
