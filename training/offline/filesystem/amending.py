"""Plans that read a file to see what is to be changed in it, change it, or look at the change."""

from __future__ import annotations

import re

from training.offline.filesystem import answers
from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import File
from training.offline.filesystem.writing import edit
from training.offline.script import Call, Script, Task, Unfit

_SETTING = re.compile(r'^(\s*"?([A-Za-z_][\w -]*?)"?\s*[:=]\s*)("?[^",{}\[\]]+"?)(,?)$', re.MULTILINE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_OPEN = re.compile(r"^(?:- )?\[ \] (.+)$", re.MULTILINE)
_CONFIGURATIONS = frozenset({".json", ".toml", ".yaml", ".ini", ".env", ".yml"})


def edit_call(path: str, old: str, new: str, *, dry: bool = False, fails: bool = False) -> Call:
    edits = [{"oldText": old, "newText": new}]
    return Call("edit_file", {"path": path, "edits": edits, **({"dryRun": True} if dry else {})}, fails=fails)


def _once(file: File, text: str) -> bool:
    return (file.text or "").count(text) == 1


def _read_and_edit(s: Scene, file: File, old: str, new: str, words: dict[str, str]) -> Task:
    if not _once(file, old) or old == new:
        raise Unfit("nothing that can be told from the rest")
    said = s.said(file.path)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": said.path})
        if old not in text:
            raise Unfit("the file has changed")
        yield edit_call(said.path, old, new)
        return f"{said.path} is changed as you asked."

    return Task({"file": said.text, **words}, script(), said.path)


def set_value(s: Scene) -> Task:
    """A setting whose present value the request does not name."""
    file = s.pick([f for f in s.texts(lines=2, most=1500) if f.suffix in _CONFIGURATIONS])
    name, front, value, _ = s.pick([(m[2], m[1], m[3], m[4]) for m in _SETTING.finditer(file.text or "")])
    bare = value.strip().strip('"')
    if not bare.strip():
        raise Unfit("no value")
    number = _NUMBER.fullmatch(bare) is not None
    if file.suffix == ".json" and '"' not in value and not number:
        raise Unfit("neither a text nor a number")
    new = str(s.random.randint(1, 999)) if number else s.random.choice(_words_of(s))
    written = value.replace(bare, new)
    return _read_and_edit(s, file, (front + value).strip(), (front + written).strip(), {"key": name, "value": new})


def _words_of(s: Scene) -> tuple[str, ...]:
    return ("off", "test", "production", "Lisbon", "none", "weekly", "dark", *s.items())


def tick_off(s: Scene) -> Task:
    file = s.pick([f for f in s.texts(most=2000) if _OPEN.search(f.text or "")])
    task = s.pick(_OPEN.findall(file.text or ""))
    words = {"task": s.enclosed(task.rstrip("."))}
    return _read_and_edit(s, file, f"[ ] {task}", f"[x] {task}", words)


def append(s: Scene) -> Task:
    """The last line, and the new one below it."""
    file, text = s.text(lines=2, most=1500), s.line()
    last = file.lines[-1]
    return _read_and_edit(s, file, last, f"{last}\n{text}", {"text": s.enclosed(text), "raw": text})


def prepend(s: Scene) -> Task:
    """The new line, and the first one below it."""
    file, text = s.text(lines=2, most=1500), s.line()
    first = file.lines[0]
    return _read_and_edit(s, file, first, f"{text}\n{first}", {"text": s.enclosed(text), "raw": text})


def edit_verify(s: Scene) -> Task:
    file = s.text(most=1500)
    change, said = edit(s, file), s.said(file.path)

    def script() -> Script:
        yield edit_call(said.path, change.old, change.new)
        text = yield Call("read_text_file", {"path": said.path})
        if change.new not in text:
            raise Unfit("the change is not there")
        return answers.content(said.path, text)

    return Task({"file": said.text, "old": s.enclosed(change.old), "new": s.enclosed(change.new)}, script(), said.path)


def preview_apply(s: Scene) -> Task:
    file = s.text()
    change, said = edit(s, file), s.said(file.path)

    def script() -> Script:
        yield edit_call(said.path, change.old, change.new, dry=True)
        yield edit_call(said.path, change.old, change.new)
        return f"The preview was fine, and {said.path} is changed."

    return Task({"file": said.text, "old": s.enclosed(change.old), "new": s.enclosed(change.new)}, script(), said.path)


PLANS = named(set_value, tick_off, append, prepend, edit_verify, preview_apply)
