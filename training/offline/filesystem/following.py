"""Plans for what a user says next: about the same file, the same again for another one, taken back, or just thanks."""

from __future__ import annotations

from collections.abc import Mapping

from training.offline.filesystem import answers
from training.offline.filesystem.arranging import copied
from training.offline.filesystem.moving import moved
from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import HERE, File, within
from training.offline.filesystem.writing import edit
from training.offline.script import Call, Script, Task, Unfit

# The same file


def it_whole(s: Scene) -> Task:
    return it_read(s)


def it_read(s: Scene) -> Task:
    path, file = s.it()
    if file.text is None or len(file.text) > 2500:
        raise Unfit("no short text")

    def script() -> Script:
        text = yield Call("read_text_file", {"path": path}, empty=file.size == 0)
        return answers.content(path, text)

    return Task({}, script(), path)


def it_head(s: Scene) -> Task:
    return _it_part(s, "head")


def it_tail(s: Scene) -> Task:
    return _it_part(s, "tail")


def _it_part(s: Scene, end: str) -> Task:
    path, file = s.it()
    if not file.text:
        raise Unfit("no text")
    number = s.number(file, most=20)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": path, end: number}, empty=True)
        return answers.content(path, text)

    return Task({"n": s.said_number(number)}, script(), path)


def it_info(s: Scene) -> Task:
    path, _ = s.it()
    return info(path)


def info(path: str, words: Mapping[str, str] | None = None) -> Task:
    def script() -> Script:
        text = yield Call("get_file_info", {"path": path})
        return f"{path}:\n{answers.excerpt(text)}"

    return Task(words or {}, script(), path)


def it_rename(s: Scene) -> Task:
    path, file = s.it()
    name = s.new_name(file)
    return moved(s, path, path[: -len(file.name)] + name, {"name": s.quoted(name)})


def it_move(s: Scene) -> Task:
    path, file = s.it()
    return move_into(s, path, file, {})


def move_into(s: Scene, path: str, file: File, words: Mapping[str, str]) -> Task:
    into = s.said_folder(s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))]))
    return moved(s, path, f"{into.path}/{file.name}", {**words, "dir": into.text})


def it_replace(s: Scene) -> Task:
    path, file = s.it()
    change = edit(s, file)
    edits = [{"oldText": change.old, "newText": change.new}]

    def script() -> Script:
        yield Call("edit_file", {"path": path, "edits": edits})
        return f"{path} is changed as you asked."

    return Task({"old": s.enclosed(change.old), "new": s.enclosed(change.new)}, script(), path)


def it_copy(s: Scene) -> Task:
    """The text has been read already, so it only has to be written."""
    path, file = s.it()
    if not file.text or len(file.text) > 500 or file.text not in s.before.results:
        raise Unfit("a text that is too long to copy, or was not read")
    target = s.said(s.new_file(folder=file.folder, name=s.new_name(file)), plainly=True)
    return copied(path, file.text, target.path, {"target": target.text})


# The same again, for something else


def other_file(s: Scene) -> Task:
    """The last call once more, for another file of the same kind."""
    call = s.before.calls[-1]
    past = s.pick([file for file in s.view.files if file.path == s.relative(str(call.arguments["path"]))])
    alike = s.texts(most=2500) if past.text is not None else [f for f in s.view.files if f.suffix == past.suffix]
    said = s.said(s.pick([file for file in alike if file.path != past.path]).path)
    return _again(call, said.path, {"file": said.text})


def other_place(s: Scene) -> Task:
    call = s.before.calls[-1]
    past = s.relative(str(call.arguments["path"]))
    said = s.said_folder(s.pick([f for f in s.view.folders if f != past and 0 < len(s.view.below(f)) <= 30]))
    return _again(call, said.path, {"dir": said.text})


def _again(call: Call, path: str, words: Mapping[str, str]) -> Task:
    def script() -> Script:
        text = yield Call(call.tool, {**call.arguments, "path": path}, empty=call.tool == "search_files")
        return f"{path}:\n{answers.excerpt(text)}"

    return Task(words, script(), path)


# Taken back


def undo_move(s: Scene) -> Task:
    past = s.before.calls[-1].arguments
    return moved(s, str(past["destination"]), str(past["source"]), {})


def undo_replace(s: Scene) -> Task:
    past = s.before.calls[-1].arguments
    edits = [{"oldText": change["newText"], "newText": change["oldText"]} for change in reversed(past["edits"])]
    path, file = s.it()
    if (file.text or "").count(edits[0]["oldText"]) != 1:
        raise Unfit("words that stand there more than once")

    def script() -> Script:
        yield Call("edit_file", {"path": path, "edits": edits})
        return f"{path} is as it was before."

    return Task({}, script(), path)


# Nothing to do


def thanks(s: Scene) -> Task:
    return nothing("")


def recall(s: Scene) -> Task:
    done = s.before.calls[-1]
    first = next(iter(done.arguments.values()), "")
    about = "" if first in ("", HERE) else f" with {first}"
    return nothing(f"I used {done.tool}{about}, and it worked: {answers.excerpt(s.before.results[-1])}")


def nothing(answer: str) -> Task:
    def script() -> Script:
        yield from ()
        return answer

    return Task({}, script())


PLANS = named(
    it_whole,
    it_read,
    it_head,
    it_tail,
    it_info,
    it_rename,
    it_move,
    it_replace,
    it_copy,
    other_file,
    other_place,
    undo_move,
    undo_replace,
    thanks,
    recall,
)
