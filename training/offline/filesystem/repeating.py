"""Plans that make the same call for each of several things, or look at things in more than one way."""

from __future__ import annotations

from collections.abc import Sequence

from training.offline.filesystem import answers
from training.offline.filesystem.finding import facts_of
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import combined_size, facts, listing
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import IMAGES, within
from training.offline.script import Call, Script, Task, Unfit


def _each(calls: Sequence[Call], words: dict[str, str]) -> Task:
    """The calls, one after the other; the answer quotes the results."""

    def script() -> Script:
        parts = []
        for call in calls:
            parts.append(answers.excerpt((yield call)))
        return "\n\n".join(parts)

    return Task(words, script())


# Files


def infos(s: Scene) -> Task:
    paths, words = s.said_files([file.path for file in s.sample(s.view.files, 2, 3)])

    def script() -> Script:
        return answers.dated((yield from facts_of(paths)))

    return Task({"files": words}, script())


def heads(s: Scene) -> Task:
    return _parts(s, "head")


def tails(s: Scene) -> Task:
    return _parts(s, "tail")


def _parts(s: Scene, end: str) -> Task:
    paths, words = s.said_files([file.path for file in s.sample(s.texts(lines=3, most=20_000), 2, 3)])
    number = s.number(most=12)
    calls = [Call("read_text_file", {"path": path, end: number}) for path in paths]
    return _each(calls, {"files": words, "n": s.said_number(number)})


def media_two(s: Scene) -> Task:
    images = s.view.matching(lambda f: f.suffix.lower() in IMAGES)
    paths, words = s.said_files([file.path for file in s.sample(images, 2, 2)])
    return _each([Call("read_media_file", {"path": path}) for path in paths], {"files": words})


# Folders


def list_two(s: Scene) -> Task:
    one, other = (s.said_folder(f) for f in s.sample([f for f in s.view.folders if s.view.children(f)], 2, 2))

    def script() -> Script:
        first = listing((yield Call("list_directory", {"path": one.path})))
        second = listing((yield Call("list_directory", {"path": other.path})))
        said = [answers.names(place.path, [e.name for e in found]) for place, found in ((one, first), (other, second))]
        return " ".join(said)

    return Task({"dir": one.text, "dir2": other.text}, script())


def sizes_two(s: Scene) -> Task:
    one, other = (s.said_folder(f) for f in s.sample([f for f in s.view.folders if s.view.files_in(f)], 2, 2))

    def script() -> Script:
        sizes = []
        for place in (one, other):
            text = yield Call("list_directory_with_sizes", {"path": place.path})
            sizes.append(f"{place.path}: {combined_size(text)}")
        return "; ".join(sizes)

    return Task({"dir": one.text, "dir2": other.text}, script())


def tree_sizes(s: Scene) -> Task:
    place = s.said_place(s.wide_place(least=3, most=30))
    folder = s.said_folder(s.folder())
    calls = [Call("directory_tree", {"path": place.path}), Call("list_directory_with_sizes", {"path": folder.path})]
    return _each(calls, {"place": place.text, "dir": folder.text})


def overview(s: Scene) -> Task:
    place = s.said_place(s.wide_place(least=3, most=30))
    file = s.said(s.text(most=1500).path, plainly=True)
    calls = [
        Call("directory_tree", {"path": place.path}),
        Call("read_text_file", {"path": file.path}),
        Call("get_file_info", {"path": file.path}),
    ]
    return _each(calls, {"place": place.text, "file": file.text})


def allowed_list(s: Scene) -> Task:
    return _allowed(s, "list_directory")


def allowed_tree(s: Scene) -> Task:
    if len(s.view.paths) > 60:
        raise Unfit("a large workspace")
    return _allowed(s, "directory_tree")


def _allowed(s: Scene, tool: str) -> Task:
    """The directory that the server names is then looked into under that name."""

    def script() -> Script:
        named = yield Call("list_allowed_directories")
        text = yield Call(tool, {"path": named.splitlines()[1]})
        return f"I can work in {named.splitlines()[1]}:\n\n{answers.excerpt(text)}"

    return Task({}, script())


def audit(s: Scene) -> Task:
    """Sizes of several folders, then the largest file of all: its beginning and its facts."""
    fitting = [f for f in s.view.folders if 1 <= len(s.view.files_in(f)) <= 10]
    folders = s.sample(fitting, 2, 4)
    files = sorted((file for f in folders for file in s.view.files_in(f)), key=lambda file: -file.size)
    if not files[0].text or (len(files) > 1 and files[0].size == files[1].size):
        raise Unfit("the largest file is no text")
    number = s.number(most=12)

    def script() -> Script:
        for folder in folders:
            yield Call("list_directory_with_sizes", {"path": folder, "sortBy": "size"})
        head = yield Call("read_text_file", {"path": files[0].path, "head": number})
        known = facts((yield Call("get_file_info", {"path": files[0].path})))
        return (
            f"The largest is {files[0].path}: {known['size']} bytes, last modified {known['modified']}, permissions "
            f"{known['permissions']}. It begins:\n\n{answers.excerpt(head)}"
        )

    words = {"dirs": s.series([s.quoted(folder) for folder in folders]), "n": s.said_number(number)}
    return Task(words, script(), files[0].path)


# One file, twice


def read_move(s: Scene) -> Task:
    file = s.text()
    folder = s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))])
    said, into = s.said(file.path), s.said_folder(folder)
    target = f"{into.path}/{file.name}"

    def script() -> Script:
        text = yield Call("read_text_file", {"path": said.path})
        yield Call("move_file", {"source": said.path, "destination": target})
        return f"{answers.content(said.path, text)}\n\nIt is now in {into.path}."

    return Task({"file": said.text, "dir": into.text}, script(), target)


def rename_read(s: Scene) -> Task:
    file = s.text()
    said, name = s.said(file.path), s.new_name(file)
    target = said.path[: -len(file.name)] + name
    if not s.missing(s.relative(target)):
        raise Unfit("the name is taken")

    def script() -> Script:
        yield Call("move_file", {"source": said.path, "destination": target})
        text = yield Call("read_text_file", {"path": target})
        return f"It is now {target}.\n\n{answers.excerpt(text)}"

    return Task({"file": said.text, "name": s.quoted(name)}, script(), target)


def move_list(s: Scene) -> Task:
    file = s.pick(s.view.files)
    folder = s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))])
    said, into = s.said(file.path), s.said_folder(folder)

    def script() -> Script:
        yield Call("move_file", {"source": said.path, "destination": f"{into.path}/{file.name}"})
        text = yield Call("list_directory", {"path": into.path})
        if file.name not in (names := [entry.name for entry in listing(text)]):
            raise Unfit("the file did not arrive")
        return f"Moved. {answers.names(into.path, names)}"

    return Task({"file": said.text, "dir": into.text}, script(), into.path)


PLANS = named(
    infos,
    heads,
    tails,
    media_two,
    list_two,
    sizes_two,
    tree_sizes,
    overview,
    allowed_list,
    allowed_tree,
    audit,
    read_move,
    rename_read,
    move_list,
)
