"""Names and messages for repositories, from `training/intents/git/values.toml`."""

from __future__ import annotations

import functools

from training.offline import values as shared


class Values(shared.Values):
    """rootless: what an application may say that does not name the repository, as `systems` do.

    first_messages, adding, changing: commit messages of the history. messages: those that users ask for.
    """

    rootless: tuple[str, ...]
    roots: tuple[str, ...]
    branches: tuple[str, ...]
    new_branches: tuple[str, ...]
    new_files: tuple[str, ...]
    missing_files: tuple[str, ...]
    first_messages: tuple[str, ...]
    adding: tuple[str, ...]
    changing: tuple[str, ...]
    messages: tuple[str, ...]


@functools.cache
def values() -> Values:
    return shared.read_values("git", Values)
