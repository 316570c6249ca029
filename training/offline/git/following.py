"""Plans for what a user says next."""

from __future__ import annotations

from collections.abc import Callable

from training.offline.answers import excerpt
from training.offline.git import answers
from training.offline.git.scene import Scene
from training.offline.git.writing import added, checked_out, committed
from training.offline.scene import one_call
from training.offline.script import Task, Unfit
from training.offline.small_talk import thanks

_ORDINALS = ("first", "second", "third", "fourth")


def show_it(s: Scene) -> Task:
    """The commit that was told of."""
    return _shown(s, 0, s.words())


def show_nth(s: Scene) -> Task:
    at = s.random.randrange(min(len(_ORDINALS), len(answers.commits(s.before.results[-1]))))
    return _shown(s, at, s.words(nth=_ORDINALS[at]))


def _shown(s: Scene, at: int, words: dict[str, str]) -> Task:
    sha = answers.commits(s.before.results[-1])[at][0]
    return one_call(words, s.call("git_show", revision=sha), excerpt)


def commit_it(s: Scene) -> Task:
    message = s.message()
    return one_call(s.words(message=s.enclosed(message)), s.call("git_commit", message=message), committed)


def staged_now(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_diff_staged"), answers.diff)


def unstage_it(s: Scene) -> Task:
    return one_call(s.words(), s.call("git_reset"), lambda text: "It is not staged any more.")


def checkout_it(s: Scene) -> Task:
    branch = s.before.about or ""
    if s.state.in_the_way(branch):
        raise Unfit("changes are in the way")
    return checked_out(s, branch, s.words())


def go_back(s: Scene) -> Task:
    """To the main branch, from wherever."""
    main = s.pick([branch for branch in s.state.others if branch in ("main", "master")])
    if s.state.in_the_way(main):
        raise Unfit("changes are in the way")
    return checked_out(s, main, s.words(branch=main))


def stage_these(s: Scene) -> Task:
    return added(s, list(s.state.modified), s.words())


PLANS: tuple[Callable[[Scene], Task], ...] = (
    show_it,
    show_nth,
    commit_it,
    staged_now,
    unstage_it,
    checkout_it,
    go_back,
    stage_these,
    thanks,
)
