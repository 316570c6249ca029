"""Plans for what a user says next about what was listed, found or made: one of the names, the first one, in it."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.filesystem import answers
from training.offline.filesystem.arranging import copied
from training.offline.filesystem.following import info, move_into, nothing
from training.offline.filesystem.moving import moved
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import listing, matches, sized_listing
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.values import file_name, values
from training.offline.filesystem.view import File, within
from training.offline.script import Call, Script, Task, Unfit

_WHICH = (("first", 0), ("second", 1), ("third", 2), ("last", -1))


# What was listed


def _listed(s: Scene) -> tuple[str, list[str]]:
    """The folder whose listing was shown, and the names in it."""
    call, text = s.before.calls[-1], s.before.results[-1]
    read = sized_listing if call.tool == "list_directory_with_sizes" else listing
    names = [entry.name for entry in read(text)]
    return str(call.arguments["path"]), names


def _entries(s: Scene) -> list[tuple[str, File]]:
    """The files that were listed, each with its path as an argument."""
    folder, names = _listed(s)
    paths = {s.relative(within(folder, name)): within(folder, name) for name in names}
    return [(paths[file.path], file) for file in s.view.files if file.path in paths]


def entry_read(s: Scene) -> Task:
    readable = s.texts()
    path, file = s.pick([(path, file) for path, file in _entries(s) if file in readable])

    def script() -> Script:
        return answers.content(path, (yield Call("read_text_file", {"path": path})))

    return Task({"name": s.quoted(file.name)}, script(), path)


def entries_read(s: Scene) -> Task:
    readable = set(s.texts(most=1100))
    chosen = s.sample([(path, file) for path, file in _entries(s) if file in readable], 2, 3)

    def script() -> Script:
        text = yield Call("read_multiple_files", {"paths": [path for path, _ in chosen]})
        return answers.contents(text)

    return Task({"names": s.series([s.quoted(file.name) for _, file in chosen])}, script())


def entry_info(s: Scene) -> Task:
    path, file = s.pick(_entries(s))
    return info(path, {"name": s.quoted(file.name)})


def entry_list(s: Scene) -> Task:
    folder, names = _listed(s)
    inner = [name for name in names if s.relative(within(folder, name)) in s.view.folders]
    path = within(folder, name := s.pick(inner))

    def script() -> Script:
        text = yield Call("list_directory", {"path": path}, empty=True)
        return answers.names(path, [entry.name for entry in listing(text)])

    return Task({"name": s.quoted(name)}, script(), path)


def entry_move(s: Scene) -> Task:
    path, file = s.pick(_entries(s))
    return move_into(s, path, file, {"name": s.quoted(file.name)})


def entry_rename(s: Scene) -> Task:
    path, file = s.pick(_entries(s))
    name = s.new_name(file)
    return moved(s, path, path[: -len(file.name)] + name, {"name": s.quoted(file.name), "new_name": s.quoted(name)})


def same_sizes(s: Scene) -> Task:
    return _same("list_directory_with_sizes", {"path": _listed(s)[0]})


def same_by_size(s: Scene) -> Task:
    return _same("list_directory_with_sizes", {"path": _listed(s)[0], "sortBy": "size"})


def same_tree(s: Scene) -> Task:
    folder = _listed(s)[0]
    if not 2 <= len(s.below(folder)) <= 40:
        raise Unfit("too little or too much below")
    return _same("directory_tree", {"path": folder})


def _same(tool: str, arguments: Mapping[str, str]) -> Task:
    def script() -> Script:
        return answers.excerpt((yield Call(tool, arguments)))

    return Task({}, script(), arguments["path"])


# What was found


def _match(s: Scene, *, readable: bool) -> tuple[str, str, File]:
    """One of the paths that a search found, in words by its place among them."""
    found = matches(s.before.results[-1])
    if len(found) < 2:
        raise Unfit("too few were found")
    which, index = s.pick([(w, i) for w, i in _WHICH if i < len(found)])
    file = s.pick([f for f in s.view.files if f.path == s.relative(found[index])])
    if readable and file not in s.texts():
        raise Unfit("no text")
    return found[index], which, file


def found_read(s: Scene) -> Task:
    path, which, _ = _match(s, readable=True)

    def script() -> Script:
        return answers.content(path, (yield Call("read_text_file", {"path": path})))

    return Task({"which": which}, script(), path)


def found_read_all(s: Scene) -> Task:
    found = matches(s.before.results[-1])
    readable = {file.path for file in s.texts(most=1100)}
    if not 2 <= len(found) <= 4 or not {s.relative(path) for path in found} <= readable:
        raise Unfit("not a few texts")

    def script() -> Script:
        text = yield Call("read_multiple_files", {"paths": list(found)})
        return answers.contents(text)

    return Task({}, script())


def found_info(s: Scene) -> Task:
    path, which, _ = _match(s, readable=False)
    return info(path, {"which": which})


def found_move(s: Scene) -> Task:
    path, which, file = _match(s, readable=False)
    return move_into(s, path, file, {"which": which})


# What was just made


def _new_folder(s: Scene) -> str:
    if s.before.about is None:
        raise Unfit("no folder was made")
    return s.before.about


def in_new_move(s: Scene) -> Task:
    folder, file = _new_folder(s), s.pick(s.view.files)
    said = s.said(file.path)
    return moved(s, said.path, f"{folder}/{file.name}", {"file": said.text})


def in_new_write(s: Scene) -> Task:
    name, text = file_name(s.random), s.line()
    return copied("", text, f"{_new_folder(s)}/{name}", {"name": s.quoted(name), "text": s.enclosed(text)})


def in_new_folder(s: Scene) -> Task:
    name = s.random.choice(values().folders)
    path = f"{_new_folder(s)}/{name}"

    def script() -> Script:
        yield Call("create_directory", {"path": path})
        return f"I made the folder {path}."

    return Task({"name": s.quoted(name)}, script(), path)


# Answered by what is known


def which_largest(s: Scene) -> Task:
    files = [entry for entry in sized_listing(s.before.results[-1]) if not entry.is_folder]
    if len(files) < 2:
        raise Unfit("too few files")
    units = {"B": 1, "KB": 1024, "MB": 1024**2}
    largest = max(files, key=lambda e: float(e.size.split()[0]) * units[e.size.split()[1]])
    return nothing(f"The largest is {largest.name}, with {largest.size}.")


def how_many(s: Scene) -> Task:
    call, text = s.before.calls[-1], s.before.results[-1]
    number = len(matches(text)) if call.tool == "search_files" else len(listing(text))
    return nothing(f"That makes {number}.")


PLANS = named(
    entry_read,
    entries_read,
    entry_info,
    entry_list,
    entry_move,
    entry_rename,
    same_sizes,
    same_by_size,
    same_tree,
    found_read,
    found_read_all,
    found_info,
    found_move,
    in_new_move,
    in_new_write,
    in_new_folder,
    which_largest,
    how_many,
)
