"""Plans for the three ways to list a folder, and for list_allowed_directories."""

from __future__ import annotations

import json
from typing import Any

from training.offline.filesystem import answers
from training.offline.filesystem.excludes import tree_exclusion
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import combined_size, listing, sized_listing
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import HERE
from training.offline.script import Call, Script, Task, Unfit


def _place(s: Scene, *, least: int = 1, most: int = 30) -> tuple[str, dict[str, str]]:
    """A folder for the slots `place` or `dir`; the workspace, where the phrasing has neither."""
    if not s.slots & {"place", "dir"}:
        return HERE, {}
    said = s.said_place(s.place(least=least, most=most))
    return said.path, {"place": said.text, "dir": said.text}


# Names


def list_folder(s: Scene) -> Task:
    path, words = _place(s, least=0)

    def script() -> Script:
        text = yield Call("list_directory", {"path": path}, empty=True)
        return answers.names(path, [entry.name for entry in listing(text)])

    return Task(words, script(), path)


def list_count(s: Scene) -> Task:
    path, words = _place(s, most=40)

    def script() -> Script:
        text = yield Call("list_directory", {"path": path})
        return answers.numbered([f"{e.name} (folder)" if e.is_folder else e.name for e in listing(text)], "entry")

    return Task(words, script(), path)


def list_has(s: Scene) -> Task:
    """Whether a name is in a folder; one time in three it is not."""
    folder = s.place(least=2)
    name = s.pick(s.view.children(folder))
    if s.random.random() < 0.33:
        name = s.new_file(folder=folder).rpartition("/")[2]
    said = s.said_place(folder)

    def script() -> Script:
        text = yield Call("list_directory", {"path": said.path})
        there = name in [entry.name for entry in listing(text)]
        return f"Yes, {name} is there." if there else f"No, there is no {name} there."

    return Task({"place": said.text, "dir": said.text, "name": s.quoted(name)}, script(), said.path)


# Sizes


def sizes_plain(s: Scene) -> Task:
    path, words = _place(s)
    return _sizes(path, words, {})


def sizes_by_size(s: Scene) -> Task:
    path, words = _place(s, least=2)
    return _sizes(path, words | {"n": s.said_number(s.random.choice((2, 3, 3, 5, 5, 10)))}, {"sortBy": "size"})


def sizes_by_name(s: Scene) -> Task:
    path, words = _place(s, least=2)
    return _sizes(path, words, {"sortBy": "name"})


def sizes_total(s: Scene) -> Task:
    path, words = _place(s)

    def script() -> Script:
        text = yield Call("list_directory_with_sizes", {"path": path})
        return f"The files add up to {combined_size(text)}."

    return Task(words, script(), path)


def _sizes(path: str, words: dict[str, str], order: dict[str, str]) -> Task:
    def script() -> Script:
        text = yield Call("list_directory_with_sizes", {"path": path, **order})
        entries = [f"{entry.name} ({entry.size or 'folder'})" for entry in sized_listing(text)]
        return f"{answers.names(path, entries)} {combined_size(text)} in all."

    return Task(words, script(), path)


# Trees


def tree_plain(s: Scene) -> Task:
    path, words = _wide(s)

    def script() -> Script:
        text = yield Call("directory_tree", {"path": path}, empty=True)
        return _outline(path, text)

    return Task(words, script(), path)


def tree_without(s: Scene) -> Task:
    path, words = _wide(s)
    patterns, skip = tree_exclusion(s, path)

    def script() -> Script:
        text = yield Call("directory_tree", {"path": path, "excludePatterns": patterns}, empty=True)
        return f"{_outline(path, text)} Left out: {', '.join(patterns)}."

    return Task(words | {"skip": skip}, script(), path)


def _wide(s: Scene) -> tuple[str, dict[str, str]]:
    if not s.slots & {"place", "dir"}:
        if len(s.view.paths) > 60:
            raise Unfit("a large workspace")
        return HERE, {}
    folder = s.wide_place(least=2)
    said = s.said_place(s.folder(least=1) if folder == HERE and "dir" in s.slots else folder)
    return said.path, {"place": said.text, "dir": said.text}


def _outline(path: str, text: str) -> str:
    """What is on top, and what is in its folders."""
    return answers.names(path, [_branch(entry) for entry in json.loads(text)])


def _branch(entry: dict[str, Any]) -> str:
    if entry["type"] != "directory":
        return str(entry["name"])
    within = [str(child["name"]) for child in entry.get("children", [])]
    more = ", ..." if len(within) > 3 else ""
    return f"{entry['name']}/ ({', '.join(within[:3])}{more})" if within else f"{entry['name']}/ (empty)"


# Where the server may work


def allowed(s: Scene) -> Task:
    def script() -> Script:
        text = yield Call("list_allowed_directories")
        return f"I can work in {' and '.join(text.splitlines()[1:])}."

    return Task({}, script())


PLANS = named(
    list_folder,
    list_count,
    list_has,
    sizes_plain,
    sizes_by_size,
    sizes_by_name,
    sizes_total,
    tree_plain,
    tree_without,
    allowed,
)
