"""Plans that first list a folder, and then do something with what is in it."""

from __future__ import annotations

from training.offline.filesystem import answers
from training.offline.filesystem.finding import facts_of
from training.offline.filesystem.mentions import Said
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import listing, sized_listing
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import File, within
from training.offline.script import Call, Script, Task, Unfit

_WHICH = (("first", 0), ("second", 1), ("third", 2), ("last", -1))


# By its place in the listing


def _nth(s: Scene, folder: str, *, readable: bool) -> tuple[File, str]:
    """A file of a folder by its place in the order of names, which is that of the listing."""
    files = s.view.files_in(folder)
    which, index = s.pick([(w, i) for w, i in _WHICH if i < len(files)])
    if readable and files[index] not in s.texts():
        raise Unfit("no text")
    return files[index], which


def _listed(s: Scene, *, readable: bool) -> tuple[File, str, Said]:
    folder = s.pick([f for f in s.view.folders if 2 <= len(s.view.files_in(f)) <= 12])
    file, which = _nth(s, folder, readable=readable)
    return file, which, s.said_folder(folder)


def _list_then(s: Scene, folder: Said, file: File, then: Call, words: dict[str, str]) -> Task:
    def script() -> Script:
        names = [entry.name for entry in listing((yield Call("list_directory", {"path": folder.path})))]
        if file.name not in names:
            raise Unfit("the listing lacks the file")
        text = yield then
        return f"It is {file.name}.\n\n{answers.excerpt(text)}"

    return Task({"dir": folder.text, **words}, script(), f"{folder.path}/{file.name}")


def list_read(s: Scene) -> Task:
    file, which, folder = _listed(s, readable=True)
    call = Call("read_text_file", {"path": f"{folder.path}/{file.name}"})
    return _list_then(s, folder, file, call, {"which": which})


def list_info(s: Scene) -> Task:
    file, which, folder = _listed(s, readable=False)
    return _list_then(s, folder, file, Call("get_file_info", {"path": f"{folder.path}/{file.name}"}), {"which": which})


def list_move(s: Scene) -> Task:
    file, which, folder = _listed(s, readable=False)
    other = s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))])
    into = s.said_folder(other)
    call = Call("move_file", {"source": f"{folder.path}/{file.name}", "destination": f"{into.path}/{file.name}"})
    return _list_then(s, folder, file, call, {"which": which, "dir2": into.text})


def list_rename(s: Scene) -> Task:
    """The one file of its kind in a folder."""
    folder = s.folder(least=2, most=12)
    suffixes = [file.suffix for file in s.view.files_in(folder)]
    file = s.pick([f for f in s.view.files_in(folder) if f.suffix and suffixes.count(f.suffix) == 1])
    name = s.new_name(file)
    if not s.missing(within(folder, name)):
        raise Unfit("the name is taken")
    said = s.said_folder(folder)
    call = Call("move_file", {"source": f"{said.path}/{file.name}", "destination": f"{said.path}/{name}"})
    return _list_then(s, said, file, call, {"ext": file.suffix, "name": s.quoted(name)})


def list_read_all(s: Scene) -> Task:
    """All files of a folder that has only texts."""
    readable = set(s.texts(most=1200))
    folder = s.pick(
        [f for f in s.view.folders if 2 <= len(s.view.files_in(f)) <= 4 and set(s.view.files_in(f)) <= readable]
    )
    said = s.said_folder(folder)

    def script() -> Script:
        names = [
            entry.name for entry in listing((yield Call("list_directory", {"path": said.path}))) if not entry.is_folder
        ]
        text = yield Call("read_multiple_files", {"paths": [f"{said.path}/{name}" for name in names]})
        return answers.contents(text)

    return Task({"dir": said.text}, script(), said.path)


def newest(s: Scene) -> Task:
    """The dates of all files of a folder."""
    folder = s.pick([f for f in s.view.folders if 2 <= len(s.view.files_in(f)) <= 4])
    said = s.said_folder(folder)

    def script() -> Script:
        entries = listing((yield Call("list_directory", {"path": said.path})))
        return answers.dated((yield from facts_of([f"{said.path}/{e.name}" for e in entries if not e.is_folder])))

    return Task({"dir": said.text}, script(), said.path)


# The largest file


def _largest(s: Scene, then: Call, place: str, words: dict[str, str]) -> Task:
    said = s.said_place(place)

    def script() -> Script:
        text = yield Call("list_directory_with_sizes", {"path": said.path, "sortBy": "size"})
        files = [entry for entry in sized_listing(text) if not entry.is_folder]
        path = within(said.path, files[0].name)
        text = yield Call(then.tool, {**then.arguments, "path": path})
        return f"The largest is {path} ({files[0].size}).\n\n{answers.excerpt(text)}"

    return Task(words | {"place": said.text}, script())


def _largest_file(s: Scene, place: str) -> File:
    files = sorted(s.view.files_in(place), key=lambda file: -file.size)
    if len(files) < 2 or files[0].size == files[1].size:
        raise Unfit("no largest file")
    return files[0]


def _largest_part(s: Scene, end: str) -> Task:
    place = s.place(least=2, most=15)
    if not _largest_file(s, place).text:
        raise Unfit("the largest file is no text")
    number = s.number(most=15)
    return _largest(s, Call("read_text_file", {"path": "", end: number}), place, {"n": s.said_number(number)})


def largest_head(s: Scene) -> Task:
    return _largest_part(s, "head")


def largest_tail(s: Scene) -> Task:
    return _largest_part(s, "tail")


def largest_info(s: Scene) -> Task:
    place = s.place(least=2, most=15)
    _largest_file(s, place)
    return _largest(s, Call("get_file_info", {"path": ""}), place, {})


PLANS = named(
    list_read,
    list_info,
    list_move,
    list_rename,
    list_read_all,
    newest,
    largest_head,
    largest_tail,
    largest_info,
)
