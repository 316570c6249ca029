"""Plans that first search for a file, or for all files of a kind, and then do something with what was found."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from training.offline.filesystem import answers
from training.offline.filesystem.phrases import unique_phrase
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import facts, matches, the_only
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.searching import search_slots
from training.offline.filesystem.view import HERE, File, within
from training.offline.filesystem.writing import changed
from training.offline.script import Call, Script, Task, Unfit


def search_everywhere(pattern: str) -> Call:
    return Call("search_files", {"path": HERE, "pattern": pattern})


# One file, found by its name


def _hidden(s: Scene, *, lines: int = 1, most: int = 2500) -> File:
    """A text file in some folder whose name is its own."""
    names = [file.name for file in s.view.files]
    fitting = [f for f in s.texts(lines=lines, most=most) if f.folder != HERE and names.count(f.name) == 1]
    return s.pick([file for file in fitting if not set(file.name) & set("*?[]{}!")])


def _find(s: Scene, file: File, words: dict[str, str], *then: Call, pattern: str = "") -> Task:
    """Search for a file, then make calls with the path that was found as their first argument."""

    def script() -> Script:
        found = the_only((yield search_everywhere(pattern or f"**/{file.name}")))
        text = ""
        for call in then:
            key, *_ = call.arguments
            text = yield Call(call.tool, {**call.arguments, key: found})
        return f"I found it at {found}.\n\n{answers.excerpt(text)}"

    return Task({"name": s.quoted(file.name), **words}, script(), s.absolute(file.path))


def find_read(s: Scene) -> Task:
    """By a part of its name that only its name has."""
    file = _hidden(s)
    names = [path.rpartition("/")[2] for path in s.view.paths]
    word = s.pick([w for w in file.stem.replace("_", " ").replace("-", " ").split() if len(w) > 3 and w.isalnum()])
    if sum(word in name for name in names) != 1:
        raise Unfit("a word that several names have")
    return _find(s, file, {"word": s.quoted(word)}, Call("read_text_file", {"path": ""}), pattern=f"**/*{word}*")


def find_read_name(s: Scene) -> Task:
    return _find(s, _hidden(s), {}, Call("read_text_file", {"path": ""}))


def find_head(s: Scene) -> Task:
    return _find_part(s, "head")


def find_tail(s: Scene) -> Task:
    return _find_part(s, "tail")


def _find_part(s: Scene, end: str) -> Task:
    file = _hidden(s, lines=3, most=20_000)
    number = s.number(file, most=30)
    return _find(s, file, {"n": s.said_number(number)}, Call("read_text_file", {"path": "", end: number}))


def find_info(s: Scene) -> Task:
    return _find(s, _hidden(s, most=50_000), {}, Call("get_file_info", {"path": ""}))


def find_move(s: Scene) -> Task:
    file = _hidden(s, most=50_000)
    folder = s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))])
    into = s.said_folder(folder)
    call = Call("move_file", {"source": "", "destination": f"{into.path}/{file.name}"})
    return _find(s, file, {"dir": into.text}, call)


def find_edit(s: Scene) -> Task:
    file = _hidden(s)
    old = unique_phrase(s.random, file)
    new = changed(s, old)
    call = Call("edit_file", {"path": "", "edits": [{"oldText": old, "newText": new}]})
    return _find(s, file, {"old": s.enclosed(old), "new": s.enclosed(new)}, call)


# All files of a kind


def _found(s: Scene, *, most: int, texts: bool = True) -> tuple[list[File], str, Call, dict[str, str]]:
    """Files of a kind in a place, their extension, the search that finds them, and the words for it."""
    where, words = search_slots(s)
    below = s.below(where)
    by_suffix: dict[str, list[File]] = {}
    for file in s.view.files:
        if file.path in below and file.suffix:
            by_suffix.setdefault(file.suffix, []).append(file)
    readable = set(s.texts(most=1200)) if texts else set(s.view.files)
    suffix = s.pick(sorted(x for x, files in by_suffix.items() if 1 < len(files) <= most and set(files) <= readable))
    words |= {"kind": s.kind(suffix), "ext": suffix}
    return by_suffix[suffix], suffix, Call("search_files", {"path": where, "pattern": f"**/*{suffix}"}), words


def find_all_read(s: Scene) -> Task:
    files, _, search, words = _found(s, most=4)

    def script() -> Script:
        found = matches((yield search))
        if len(found) != len(files):
            raise Unfit("the search finds something else")
        text = yield Call("read_multiple_files", {"paths": list(found)})
        return answers.contents(text)

    return Task(words, script())


def find_all_head(s: Scene) -> Task:
    _, _, search, words = _found(s, most=3)
    number = s.number(most=12)

    def script() -> Script:
        parts = []
        for path in matches((yield search)):
            text = yield Call("read_text_file", {"path": path, "head": number})
            parts.append(f"{path}:\n{answers.excerpt(text)}")
        return "\n\n".join(parts)

    return Task(words | {"n": s.said_number(number)}, script())


def find_all_info(s: Scene) -> Task:
    _, _, search, words = _found(s, most=3, texts=False)

    def script() -> Script:
        return answers.dated((yield from facts_of(matches((yield search)))))

    return Task(words, script())


def move_kind(s: Scene) -> Task:
    files, _, search, words = _found(s, most=4, texts=False)
    taken = {file.folder for file in files}
    folder = s.pick(
        [f for f in s.view.folders if f not in taken and not set(s.view.children(f)) & {x.name for x in files}]
    )
    if len({file.name for file in files}) < len(files):
        raise Unfit("two files of one name")
    into = s.said_folder(folder)

    def script() -> Script:
        found = matches((yield search))
        for path in found:
            yield Call("move_file", {"source": path, "destination": f"{into.path}/{path.rpartition('/')[2]}"})
        return f"Moved to {into.path}: {', '.join(found)}."

    return Task(words | {"dir": into.text}, script())


def facts_of(paths: Sequence[str]) -> Generator[Call, str, dict[str, dict[str, str]]]:
    """Ask for the facts about each path."""
    known = {}
    for path in paths:
        known[path] = facts((yield Call("get_file_info", {"path": path})))
    return known


PLANS = named(
    find_read,
    find_read_name,
    find_head,
    find_tail,
    find_info,
    find_move,
    find_edit,
    find_all_read,
    find_all_head,
    find_all_info,
    move_kind,
)
