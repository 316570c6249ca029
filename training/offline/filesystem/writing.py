"""Plans for write_file and edit_file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from training.offline.filesystem import answers
from training.offline.filesystem.phrases import unique_phrase, whole_line
from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import HERE, File, within
from training.offline.script import Call, Script, Task, Unfit

_NUMBER = re.compile(r"\d+")
# Whole files


def _write(path: str, content: str, words: dict[str, str], done: str) -> Task:
    def script() -> Script:
        yield Call("write_file", {"path": path, "content": content})
        return done

    return Task(words, script(), path)


def write_text(s: Scene) -> Task:
    file, text = s.said(s.new_file()), s.line()
    words = {"file": file.text, "text": s.enclosed(text), "raw": text}
    return _write(file.path, text, words, f"{file.path} is written.")


def write_block(s: Scene) -> Task:
    """Several lines, below the request or fenced."""
    file, block = s.said(s.new_file()), s.block()
    fenced = s.random.random() < 0.35
    words = {"file": file.text, "block": f"\n```\n{block}\n```" if fenced else f"\n{block}"}
    return _write(file.path, block, words, f"{file.path} is written.")


def write_items(s: Scene) -> Task:
    file, items = s.said(s.new_file()), s.items()
    words = {"file": file.text, "items": s.series(items)}
    return _write(file.path, "\n".join(items), words, f"{file.path} is written, one entry per line.")


def write_empty(s: Scene) -> Task:
    file = s.said(s.new_file())
    return _write(file.path, "", {"file": file.text}, f"I made {file.path}, which is empty.")


def _place_for_file(s: Scene) -> tuple[str, dict[str, str]]:
    """Where a new file goes, a folder that is there and a name: the path, and the words for both."""
    folder, name = s.folder(least=0), s.new_file(folder=HERE)
    if not s.missing(within(folder, name)):
        raise Unfit("the file is there already")
    said = s.said_folder(folder)
    return f"{said.path}/{name}", {"dir": said.text, "name": s.quoted(name)}


def write_in(s: Scene) -> Task:
    path, words = _place_for_file(s)
    text = s.line()
    return _write(path, text, words | {"text": s.enclosed(text), "raw": text}, f"{path} is written.")


def write_empty_in(s: Scene) -> Task:
    path, words = _place_for_file(s)
    return _write(path, "", words, f"I made {path}, which is empty.")


def overwrite(s: Scene) -> Task:
    file, text = s.said(s.text().path), s.line()
    words = {"file": file.text, "text": s.enclosed(text), "raw": text}
    return _write(file.path, text, words, f"{file.path} now holds only the new text.")


def write_markdown(s: Scene) -> Task:
    file, items = s.said(s.new_file(name=f"{s.stem()}.md")), s.items()
    title = s.title()
    content = "\n".join([f"# {title}", "", *(f"- {item}" for item in items)])
    words = {"file": file.text, "title": s.enclosed(title), "items": s.series(items)}
    return _write(file.path, content, words, f"{file.path} is written: {title}.")


def write_settings(s: Scene) -> Task:
    """Keys and values, as an indented JSON object."""
    file = s.said(s.new_file(name=f"{s.stem()}.json"))
    pairs = s.settings()
    verb = s.random.choice(("{} = {}", "{} set to {}", "{} as {}", "{}: {}", "{} {}"))
    content = json.dumps({key: _json_value(value) for key, value in pairs.items()}, indent=2)
    words = {"file": file.text, "pairs": s.series([verb.format(*pair) for pair in pairs.items()])}
    return _write(file.path, content, words, f"{file.path} is written with {' and '.join(pairs)}.")


def _json_value(text: str) -> str | int | bool:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdecimal() and str(int(text)) == text else text


# Parts of files


@dataclass(frozen=True)
class Edit:
    old: str
    new: str


def edit(s: Scene, file: File, *avoid: str) -> Edit:
    """Words that stand once in the file, and what they could become instead."""
    for _ in range(8):
        old = unique_phrase(s.random, file)
        if not any(old in other or other in old for other in avoid):
            return Edit(old, changed(s, old))
    raise Unfit("no two separate things to change")


def changed(s: Scene, old: str) -> str:
    """Another number where there is one, else other words: a few for a few."""
    if (number := _NUMBER.search(old)) and s.random.random() < 0.8:
        value = int(number[0][:9])
        other = str(value + s.random.choice((-7, -2, -1, 1, 1, 2, 3, 5, 10, 15, 100)))
        new = old[: number.start()] + other.lstrip("-").rjust(len(number[0]), "0") + old[number.end() :]
    elif s.random.random() < 0.3:
        new = s.random.choice((old.upper(), old.capitalize(), f"{old} (checked)", f"not {old}", f"the new {old}"))
    else:
        pieces = s.sentence(s.random.choice(("status", "task", "decision"))).rstrip(".").split(" ")
        length = max(1, len(old.split(" ")) + s.random.randint(-1, 1))
        start = s.random.randrange(max(1, len(pieces) - length))
        new = " ".join(pieces[start : start + length]).strip(",;:")
    if new in (old, ""):
        raise Unfit("a change that changes nothing")
    return new


def _edit(s: Scene, changes: tuple[Edit, ...], file: File, *, dry: bool = False) -> Task:
    said = s.said(file.path)
    arguments = {
        "path": said.path,
        "edits": [{"oldText": change.old, "newText": change.new} for change in changes],
        **({"dryRun": True} if dry else {}),
    }
    words = {"file": said.text}
    for change, (old, new, a, b) in zip(changes, (("old", "new", "a", "b"), ("old2", "new2", "c", "d")), strict=False):
        words |= {old: s.enclosed(change.old), new: s.enclosed(change.new), a: change.old, b: change.new}
    if s.slots & {"a", "b"} and any(set("/|'\"&;") & set(change.old + change.new) for change in changes):
        raise Unfit("text that would need escapes")

    def script() -> Script:
        diff = yield Call("edit_file", arguments)
        if not dry:
            return f"{said.path} is changed as you asked."
        return f"This would change in {said.path}:\n{answers.excerpt(diff)}"

    return Task(words, script(), said.path)


def replace(s: Scene) -> Task:
    file = s.text()
    return _edit(s, (edit(s, file),), file)


def preview(s: Scene) -> Task:
    file = s.text()
    return _edit(s, (edit(s, file),), file, dry=True)


def replace_two(s: Scene) -> Task:
    file = s.text()
    first = edit(s, file)
    second = edit(s, file, first.old, first.new)
    if second.old in first.new:
        raise Unfit("the second change would hit the first")
    return _edit(s, (first, second), file)


def remove(s: Scene) -> Task:
    file = s.text()
    return _edit(s, (Edit(unique_phrase(s.random, file), ""),), file)


def replace_line(s: Scene) -> Task:
    file = s.text(lines=2)
    old = whole_line(s.random, file)
    new = changed(s, old) if s.random.random() < 0.5 else s.line()
    return _edit(s, (Edit(old, new),), file)


def add_after(s: Scene) -> Task:
    return _added(s, lambda old, new: f"{old}\n{new}")


def add_before(s: Scene) -> Task:
    return _added(s, lambda old, new: f"{new}\n{old}")


def _added(s: Scene, join: Callable[[str, str], str]) -> Task:
    """A new line beside an old one: the edit repeats the old one."""
    file = s.text(lines=2)
    old, new, said = whole_line(s.random, file), s.line(), s.said(file.path)
    edits = [{"oldText": old, "newText": join(old, new)}]

    def script() -> Script:
        yield Call("edit_file", {"path": said.path, "edits": edits})
        return f"The line is added to {said.path}."

    return Task({"file": said.text, "old": s.enclosed(old), "new": s.enclosed(new)}, script(), said.path)


PLANS = named(
    write_text,
    write_block,
    write_items,
    write_empty,
    write_in,
    write_empty_in,
    overwrite,
    write_markdown,
    write_settings,
    replace,
    preview,
    replace_two,
    remove,
    replace_line,
    add_after,
    add_before,
)
