"""Plans for create_directory and move_file."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import basename, splitext

from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.values import values
from training.offline.filesystem.view import HERE, within
from training.offline.script import Call, Script, Task, Unfit

# New folders


def make_folder(s: Scene) -> Task:
    folder = s.said_folder(s.new_folder())

    def script() -> Script:
        yield Call("create_directory", {"path": folder.path})
        return f"I made the folder {folder.path}."

    return Task({"folder": folder.text}, script(), folder.path)


def make_folder_in(s: Scene) -> Task:
    parent = s.said_folder(s.folder(least=0))
    name = s.random.choice(values().folders)
    if not s.missing(within(s.relative(parent.path), name)):
        raise Unfit("the folder is there already")

    def script() -> Script:
        yield Call("create_directory", {"path": f"{parent.path}/{name}"})
        return f"I made the folder {name} in {parent.path}."

    return Task({"dir": parent.text, "name": s.quoted(name)}, script(), f"{parent.path}/{name}")


# Moves


def moved(s: Scene, source: str, target: str, words: Mapping[str, str]) -> Task:
    """One move. Raises Unfit where the destination is taken."""
    if not s.missing(s.relative(target)) or source == target:
        raise Unfit("the destination is taken")

    def script() -> Script:
        yield Call("move_file", {"source": source, "destination": target})
        return f"{source} is now {target}."

    return Task(words, script(), target)


def move_into(s: Scene) -> Task:
    """Into a folder that exists, under the same name."""
    file = s.pick(s.view.files)
    folder = s.pick([f for f in s.view.folders if f != file.folder and s.missing(within(f, file.name))])
    said, into = s.said(file.path), s.said_folder(folder)
    return moved(s, said.path, f"{into.path}/{file.name}", {"file": said.text, "dir": into.text})


def rename(s: Scene) -> Task:
    """A new name in the same folder."""
    file = s.pick(s.view.files)
    name = s.new_name(file)
    said = s.said(file.path)
    target = said.path[: -len(file.name)] + name
    return moved(s, said.path, target, {"file": said.text, "name": s.quoted(name)})


def move_to(s: Scene) -> Task:
    """To another path: another folder that exists, and mostly another name."""
    file = s.pick(s.view.files)
    folder = s.random.choice((HERE, *s.view.folders))
    name = s.new_name(file) if s.random.random() < 0.7 else file.name
    source, target = s.said(file.path, plainly=True), s.said(within(folder, name), plainly=True)
    return moved(s, source.path, target.path, {"source": source.text, "target": target.text})


def move_as(s: Scene) -> Task:
    """Into a folder that exists, under a new name."""
    file = s.pick(s.view.files)
    folder = s.pick([folder for folder in s.view.folders if folder != file.folder])
    said, into, name = s.said(file.path), s.said_folder(folder), s.new_name(file)
    words = {"file": said.text, "dir": into.text, "name": s.quoted(name)}
    return moved(s, said.path, f"{into.path}/{name}", words)


def rename_folder(s: Scene) -> Task:
    folder = s.pick(s.view.folders)
    name = s.random.choice(values().folders)
    target = folder[: -len(basename(folder))] + name
    said = s.said_folder(folder)
    if said.path != folder:
        target = f"{s.root}/{target}"
    words = {"source": said.text, "name": s.quoted(name), "target": s.quoted(target)}
    return moved(s, said.path, target, words)


def move_folder(s: Scene) -> Task:
    folder = s.pick(s.view.folders)
    others = [
        f for f in s.view.folders if not f"{f}/".startswith(f"{folder}/") and within(f, basename(folder)) != folder
    ]
    source, into = s.said_folder(folder), s.said_folder(s.pick(others))
    return moved(s, source.path, f"{into.path}/{basename(folder)}", {"source": source.text, "dir": into.text})


def move_up(s: Scene) -> Task:
    """To the top of the workspace."""
    file = s.pick([file for file in s.view.files if file.folder != HERE])
    said = s.said(file.path)
    target = f"{s.root}/{file.name}" if said.path.startswith("/") else file.name
    return moved(s, said.path, target, {"file": said.text})


def change_extension(s: Scene) -> Task:
    file = s.pick([file for file in s.view.files if file.suffix])
    extension = s.random.choice((".txt", ".md", ".bak", ".old", ".csv", ".log", ".json", ".text", ".yml", ".jpeg"))
    said = s.said(file.path)
    return moved(s, said.path, splitext(said.path)[0] + extension, {"file": said.text, "ext": extension})


PLANS = named(
    make_folder,
    make_folder_in,
    move_into,
    rename,
    move_to,
    move_as,
    rename_folder,
    move_folder,
    move_up,
    change_extension,
)
