"""Plans for search_files and get_file_info."""

from __future__ import annotations

import re
from collections.abc import Callable

from training.offline.filesystem import answers
from training.offline.filesystem.excludes import search_exclusion
from training.offline.filesystem.results import facts, matches
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.values import values
from training.offline.filesystem.view import HERE
from training.offline.script import Call, Script, Task, Unfit

_NOTHING = 0.12
"""How often what is looked for is not there."""
_MOST_MATCHES = 30
_MAGIC = frozenset("*?[]{}!")


# By name


def search_slots(s: Scene) -> tuple[str, dict[str, str]]:
    """A folder for the slots `place` or `dir`; all of the workspace, where the phrasing has neither."""
    if not s.slots & {"place", "dir"}:
        return HERE, {}
    said = s.said_place(s.folder(least=1) if "dir" in s.slots else s.wide_place(least=2, most=200))
    return said.path, {"place": said.text, "dir": said.text}


def _search(s: Scene, pattern: str, where: str, words: dict[str, str], **more: list[str]) -> Task:
    def script() -> Script:
        text = yield Call("search_files", {"path": where, "pattern": pattern, **more}, empty=True)
        found = matches(text)
        if len(found) > _MOST_MATCHES:
            raise Unfit("too many matches")
        if not found and s.random.random() > _NOTHING:
            raise Unfit("no matches")
        return answers.found(found, pattern)

    return Task(words, script())


def search_kind(s: Scene) -> Task:
    """All files of a kind, mostly one that is there."""
    where, words = search_slots(s)
    kind, extension = _kind(s, where)
    return _search(s, f"**/*{extension}", where, words | {"kind": kind, "ext": extension})


def _kind(s: Scene, where: str) -> tuple[str, str]:
    """What a kind of file is called, and its extension; without a name for it, `.ext files`."""
    here = {file.suffix for file in s.view.files if file.suffix and file.path in s.below(where)}
    if not here or s.random.random() < _NOTHING:
        kind, extension = s.random.choice(list(values().kinds.items()))
        return kind, extension
    extension = s.random.choice(sorted(here))
    return s.kind(extension), extension


def search_without(s: Scene) -> Task:
    where, words = search_slots(s)
    kind, extension = _kind(s, where)
    patterns, skip = search_exclusion(s, s.relative(where))
    filled = words | {"kind": kind, "ext": extension, "skip": skip}
    return _search(s, f"**/*{extension}", where, filled, excludePatterns=patterns)


def search_word(s: Scene) -> Task:
    """A part of a name, as it is written there."""
    where, words = search_slots(s)
    names = [path.rpartition("/")[2] for path in s.below(where)]
    parts = sorted({part for name in names for part in re.findall(r"[^\W_]{4,}", name.rpartition(".")[0] or name)})
    if s.random.random() < _NOTHING:
        parts = re.findall(r"[^\W_]{4,}", " ".join(s.items()))
    word = s.pick(parts)
    return _search(s, f"**/*{word}*", where, words | {"word": s.quoted(word)})


def search_name(s: Scene) -> Task:
    where, words = search_slots(s)
    names = [path.rpartition("/")[2] for path in s.below(where)]
    name = s.pick(names) if s.random.random() > _NOTHING else s.new_file().rpartition("/")[2]
    if set(name) & _MAGIC:
        raise Unfit("a name that reads as a pattern")
    return _search(s, f"**/{name}", where, words | {"name": s.quoted(name)})


def search_folder(s: Scene) -> Task:
    where, words = search_slots(s)
    names = [path.rpartition("/")[2] for path in s.view.folders if path in s.below(where)]
    return _search(s, f"**/{(name := s.pick(names))}", where, words | {"name": s.quoted(name)})


def search_starting(s: Scene) -> Task:
    where, words = search_slots(s)
    name = s.pick(s.below(where)).rpartition("/")[2]
    start = re.split(r"[\W_]", name.lstrip("."))[0] if s.random.random() < 0.5 else name[: s.random.randint(2, 5)]
    if len(start.strip()) < 2 or not name.startswith(start):
        raise Unfit("a name without a clear beginning")
    return _search(s, f"**/{start.strip()}*", where, words | {"start": start.strip()})


def search_glob(s: Scene) -> Task:
    """A pattern that the user gives, which is used as it stands."""
    where, words = search_slots(s)
    prefix = "" if s.relative(where) == HERE else f"{s.relative(where)}/"
    path = s.pick([path.removeprefix(prefix) for path in s.below(where) if "." in path.rpartition("/")[2][1:]])
    folder, _, name = path.rpartition("/")
    extension = name.rpartition(".")[2]
    top = folder.partition("/")[0]
    patterns = [f"**/*.{extension}", f"**/{name[:3]}*", f"**/*{name[-7:]}", f"**/{name[0]}*.{extension}"]
    patterns += [f"{folder}/*.{extension}", f"{top}/**", f"{top}/**/*.{extension}", f"{top}/*"] if folder else []
    patterns += [f"*.{extension}", "*"] if not folder else []
    pattern = s.random.choice(patterns)
    if set(pattern) & _MAGIC - {"*"}:
        raise Unfit("a name that reads as a pattern")
    return _search(s, pattern, where, words | {"pattern": s.quoted(pattern)})


# Facts


def _info(answer: Callable[[str, dict[str, str]], str]) -> Callable[[Scene], Task]:
    def plan(s: Scene) -> Task:
        path = s.pick(s.view.files).path if "file" in s.slots else s.any_path()
        said = s.said(path)

        def script() -> Script:
            text = yield Call("get_file_info", {"path": said.path})
            return answer(said.path, facts(text))

        return Task({"path": said.text, "file": said.text}, script(), said.path)

    return plan


def _kind_of(known: dict[str, str]) -> str:
    return "folder" if known["isDirectory"] == "true" else "file"


info_all = _info(
    lambda path, known: (
        f"{path} is a {_kind_of(known)} of {known['size']} bytes, created {known['created']}, last modified "
        f"{known['modified']}, with the permissions {known['permissions']}."
    )
)
info_size = _info(lambda path, known: f"{path} has {known['size']} bytes.")
info_modified = _info(lambda path, known: f"{path} was last modified on {known['modified']}.")
info_created = _info(
    lambda path, known: f"{path} was created on {known['created']} and last accessed on {known['accessed']}."
)
info_permissions = _info(lambda path, known: f"The permissions of {path} are {known['permissions']}.")
info_kind = _info(lambda path, known: f"{path} is a {_kind_of(known)}.")


def info_exists(s: Scene) -> Task:
    """Whether a path is there; one time in four it is not, and the server says so."""
    there = s.random.random() < 0.75
    said = s.said(s.any_path() if there else s.new_file(), plainly=True)

    def script() -> Script:
        text = yield Call("get_file_info", {"path": said.path}, fails=not there)
        return f"Yes, {said.path} is a {_kind_of(facts(text))}." if there else f"No, there is no {said.path}."

    return Task({"path": said.text}, script(), said.path if there else None)


PLANS = {
    "search_kind": search_kind,
    "search_without": search_without,
    "search_word": search_word,
    "search_name": search_name,
    "search_folder": search_folder,
    "search_starting": search_starting,
    "search_glob": search_glob,
    "info_all": info_all,
    "info_size": info_size,
    "info_modified": info_modified,
    "info_created": info_created,
    "info_permissions": info_permissions,
    "info_kind": info_kind,
    "info_exists": info_exists,
}
