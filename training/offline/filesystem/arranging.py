"""Plans of several calls that make, copy and move: a folder and what goes into it, copies, renames in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.offline.filesystem import answers
from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.values import file_name, values
from training.offline.filesystem.view import HERE, File, within
from training.offline.script import Call, Script, Task, Unfit


def _in_turn(calls: list[Call], words: dict[str, str], done: str, about: str | None = None) -> Task:
    def script() -> Script:
        for call in calls:
            _ = yield call
        return done

    return Task(words, script(), about)


def _folder(path: str) -> Call:
    return Call("create_directory", {"path": path})


def _move(source: str, target: str) -> Call:
    return Call("move_file", {"source": source, "destination": target})


def _several(s: Scene) -> list[File]:
    """Two to four files with different names."""
    files = s.sample(s.view.files, 2, 4)
    if len({file.name for file in files}) < len(files):
        raise Unfit("two files of one name")
    return files


def _names(files: Sequence[File]) -> str:
    return " and ".join(file.name for file in files)


# New folders


def create_folders(s: Scene) -> Task:
    folders = list(dict.fromkeys(s.new_folder(deepest=2) for _ in range(s.random.choice((2, 2, 3, 3, 4)))))
    if len(folders) < 2:
        raise Unfit("too few folders")
    words = s.series([s.quoted(folder) for folder in folders])
    done = f"I made the folders {' and '.join(folders)}."
    return _in_turn([_folder(folder) for folder in folders], {"folders": words}, done)


def create_move(s: Scene) -> Task:
    file = s.pick(s.view.files)
    said, folder = s.said(file.path), s.said_folder(s.new_folder(deepest=2))
    target = f"{folder.path}/{file.name}"
    calls = [_folder(folder.path), _move(said.path, target)]
    return _in_turn(calls, {"file": said.text, "folder": folder.text}, f"{said.path} is now {target}.", target)


def create_move_several(s: Scene) -> Task:
    files = _several(s)
    paths, words = s.said_files([file.path for file in files])
    folder = s.said_folder(s.new_folder(deepest=2))
    moves = [_move(path, f"{folder.path}/{file.name}") for path, file in zip(paths, files, strict=True)]
    done = f"{_names(files)} are now in {folder.path}."
    return _in_turn([_folder(folder.path), *moves], {"files": words, "folder": folder.text}, done, folder.path)


def create_write(s: Scene) -> Task:
    folder, name, text = s.said_folder(s.new_folder(deepest=2)), file_name(s.random), s.line()
    path = f"{folder.path}/{name}"
    words = {"folder": folder.text, "name": s.quoted(name), "text": s.enclosed(text)}
    calls = [_folder(folder.path), Call("write_file", {"path": path, "content": text})]
    return _in_turn(calls, words, f"{path} is written.", path)


def skeleton(s: Scene) -> Task:
    folder, text = s.said_folder(s.new_folder(deepest=1)), s.line()
    inner = s.sample([name for name in values().folders if "/" not in name], 2, 3)
    words = {
        "folder": folder.text,
        "names": s.series([s.quoted(name) for name in inner]),
        "text": s.enclosed(text),
    }
    calls = [_folder(f"{folder.path}/{name}") for name in inner]
    calls.append(Call("write_file", {"path": f"{folder.path}/README.md", "content": text}))
    return _in_turn(calls, words, f"{folder.path} is set up with {', '.join(inner)} and a README.md.", folder.path)


# Moves


def move_several(s: Scene) -> Task:
    files = _several(s)
    paths, words = s.said_files([file.path for file in files])
    names, taken = {file.name for file in files}, {file.folder for file in files}
    folder = s.pick([f for f in s.view.folders if f not in taken and not names & set(s.view.children(f))])
    into = s.said_folder(folder)
    moves = [_move(path, f"{into.path}/{file.name}") for path, file in zip(paths, files, strict=True)]
    return _in_turn(moves, {"files": words, "dir": into.text}, f"{_names(files)} are now in {into.path}.")


def prefix(s: Scene) -> Task:
    files = s.sample(s.view.files, 2, 3)
    paths, words = s.said_files([file.path for file in files])
    front = s.random.choice(("old_", "2024-", "draft_", "new-", "final_", "x_", "backup-", "v2_", "done_", "NEU_"))
    moves = []
    for path, file in zip(paths, files, strict=True):
        if not s.missing(within(file.folder, front + file.name)):
            raise Unfit("the name is taken")
        moves.append(_move(path, path[: -len(file.name)] + front + file.name))
    done = f"The names of {_names(files)} now start with {front}."
    return _in_turn(moves, {"files": words, "prefix": s.quoted(front)}, done)


# Copies: there is no tool for them, so the text is read and written


def _copy(s: Scene, file: File, target: str, words: dict[str, str]) -> Task:
    said = s.said(file.path, plainly=True)
    target = target or f"{said.path}.bak"

    def script() -> Script:
        text = yield Call("read_text_file", {"path": said.path})
        yield Call("write_file", {"path": target, "content": text})
        return f"{target} is a copy of {said.path}."

    return Task({"file": said.text, **words}, script(), target)


def copy(s: Scene) -> Task:
    file = s.text(most=500)
    folder = s.random.choice((file.folder, HERE, *s.view.folders))
    name = s.new_name(file) if folder == file.folder or s.random.random() < 0.5 else file.name
    target = s.said(s.new_file(folder=folder, name=name), plainly=True)
    return _copy(s, file, target.path, {"target": target.text})


def backup(s: Scene) -> Task:
    file = s.text(most=500)
    if not s.missing(f"{file.path}.bak"):
        raise Unfit("there is a backup already")
    return _copy(s, file, "", {})


def copied(path: str, text: str, target: str, words: Mapping[str, str]) -> Task:
    """A text that is known, written to `target`."""

    def script() -> Script:
        yield Call("write_file", {"path": target, "content": text})
        return f"{target} is a copy of {path}." if path else f"{target} is written."

    return Task(words, script(), target)


def excerpt_to(s: Scene) -> Task:
    file = s.text(lines=4, most=20_000)
    number = s.number(file, most=6)
    said, target = s.said(file.path, plainly=True), s.said(s.new_file(), plainly=True)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": said.path, "head": number})
        if len(text) > 600:
            raise Unfit("long lines")
        yield Call("write_file", {"path": target.path, "content": text})
        return f"{target.path} holds the first {number} lines of {said.path}."

    return Task({"file": said.text, "target": target.text, "n": s.said_number(number)}, script(), target.path)


def merge(s: Scene) -> Task:
    one, other = s.sample(s.texts(most=260), 2, 2)
    first, second = s.said(one.path, plainly=True), s.said(other.path, plainly=True)
    target = s.said(s.new_file(), plainly=True)
    between = "" if (one.text or "").endswith("\n") else "\n"

    def script() -> Script:
        yield Call("read_multiple_files", {"paths": [first.path, second.path]})
        yield Call("write_file", {"path": target.path, "content": f"{one.text}{between}{other.text}"})
        return f"{target.path} holds the text of {first.path}, followed by that of {second.path}."

    return Task({"file": first.text, "file2": second.text, "target": target.text}, script(), target.path)


# Writing, and a look at the result


def write_two(s: Scene) -> Task:
    one, other = s.said(s.new_file(), plainly=True), s.said(s.new_file(), plainly=True)
    if one.path == other.path:
        raise Unfit("one file twice")
    first, second = s.line(), s.line()
    calls = [
        Call("write_file", {"path": one.path, "content": first}),
        Call("write_file", {"path": other.path, "content": second}),
    ]
    words = {"file": one.text, "file2": other.text, "text": s.enclosed(first), "text2": s.enclosed(second)}
    return _in_turn(calls, words, f"{one.path} and {other.path} are written.")


def write_read(s: Scene) -> Task:
    file, text = s.said(s.new_file(), plainly=True), s.line()

    def script() -> Script:
        yield Call("write_file", {"path": file.path, "content": text})
        read = yield Call("read_text_file", {"path": file.path})
        return answers.content(file.path, read)

    return Task({"file": file.text, "text": s.enclosed(text)}, script(), file.path)


def write_info(s: Scene) -> Task:
    file, text = s.said(s.new_file(), plainly=True), s.line()

    def script() -> Script:
        yield Call("write_file", {"path": file.path, "content": text})
        known = yield Call("get_file_info", {"path": file.path})
        return f"{file.path} is written.\n\n{answers.excerpt(known)}"

    return Task({"file": file.text, "text": s.enclosed(text)}, script(), file.path)


PLANS = named(
    create_folders,
    create_move,
    create_move_several,
    create_write,
    skeleton,
    move_several,
    prefix,
    copy,
    backup,
    excerpt_to,
    merge,
    write_two,
    write_read,
    write_info,
)
