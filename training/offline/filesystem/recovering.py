"""Plans in which the user is mistaken: a call fails, and the assistant finds a way, or says what is the matter."""

from __future__ import annotations

from posixpath import basename

from training.offline.filesystem import answers
from training.offline.filesystem.amending import edit_call
from training.offline.filesystem.finding import search_everywhere
from training.offline.filesystem.phrases import unique_phrase
from training.offline.filesystem.plan import named
from training.offline.filesystem.results import listing, the_only
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import HERE, File, within
from training.offline.filesystem.writing import changed
from training.offline.script import Call, Script, Task, Unfit

_OUTSIDE = (
    "/etc/hosts",
    "/etc/passwd",
    "/var/log/syslog",
    "/root/.bashrc",
    "/home/other/notes.txt",
    "/usr/share/dict/words",
    "/proc/cpuinfo",
    "/mnt/elsewhere/report.txt",
    "/opt/app/config.json",
    "/boot/grub/grub.cfg",
)
_OUTSIDE_FOLDERS = ("/etc", "/var/log", "/usr/bin", "/", "/home", "/opt", "/proc", "/boot", "/usr/share", "/lib")


# Files that lie elsewhere


def _misplaced(s: Scene, *, lines: int = 1, most: int = 2500) -> tuple[File, str]:
    """A file with a name of its own, and a path at which it is not: its bare name, or in another folder."""
    names = [file.name for file in s.view.files]
    fitting = [f for f in s.texts(lines=lines, most=most) if f.folder != HERE and names.count(f.name) == 1]
    file = s.pick([f for f in fitting if not set(f.name) & set("*?[]{}!")])
    wrong = file.name if s.random.random() < 0.5 else within(s.pick(s.view.folders), file.name)
    if not s.missing(wrong):
        raise Unfit("the file is there")
    return file, wrong


def _retried(s: Scene, file: File, wrong: str, tool: str, words: dict[str, str], **more: object) -> Task:
    """The call fails, a search finds the file, and the call is made again."""
    said = s.said(wrong, plainly=True)
    key = "source" if tool == "move_file" else "path"

    def script() -> Script:
        yield Call(tool, {key: said.path, **more}, fails=True)
        found = the_only((yield search_everywhere(f"**/{file.name}")))
        text = yield Call(tool, {key: found, **more})
        return f"There is no {said.path}, but I found {found}.\n\n{answers.excerpt(text)}"

    return Task({"file": said.text, **words}, script(), s.absolute(file.path))


def elsewhere(s: Scene) -> Task:
    file, wrong = _misplaced(s)
    return _retried(s, file, wrong, "read_text_file", {})


def elsewhere_part(s: Scene) -> Task:
    file, wrong = _misplaced(s, lines=3, most=20_000)
    number = s.number(file, most=20)
    return _retried(s, file, wrong, "read_text_file", {"n": s.said_number(number)}, head=number)


def elsewhere_info(s: Scene) -> Task:
    file, wrong = _misplaced(s, most=50_000)
    return _retried(s, file, wrong, "get_file_info", {})


def elsewhere_move(s: Scene) -> Task:
    file, wrong = _misplaced(s, most=50_000)
    folder = s.pick([f for f in s.view.folders if s.missing(within(f, file.name))])
    into = s.said_folder(folder)
    return _retried(s, file, wrong, "move_file", {"dir": into.text}, destination=f"{into.path}/{file.name}")


def nowhere(s: Scene) -> Task:
    """Neither where the user says nor anywhere else."""
    said = s.said(s.new_file(), plainly=True)
    name = basename(said.path)
    if set(name) & set("*?[]{}!"):
        raise Unfit("a name that reads as a pattern")

    def script() -> Script:
        yield Call("read_text_file", {"path": said.path}, fails=True)
        yield Call("search_files", {"path": HERE, "pattern": f"**/{name}"}, empty=True)
        return f"There is no {said.path}, and no file called {name} anywhere in the workspace."

    return Task({"file": said.text}, script())


def wrong_case(s: Scene) -> Task:
    """Upper and lower case are mixed up: the folder's listing shows the right name."""
    file = s.text()
    name = s.random.choice((file.name.lower(), file.name.upper(), file.name.capitalize()))
    if not s.missing(within(file.folder, name)):
        raise Unfit("the same name")
    said = s.said(within(file.folder, name), plainly=True)
    folder = said.path.rpartition("/")[0] or HERE

    def script() -> Script:
        yield Call("read_text_file", {"path": said.path}, fails=True)
        names = [entry.name for entry in listing((yield Call("list_directory", {"path": folder})))]
        # A few letters are not the same again once they were in the other case.
        alike = [n for n in names if n.lower() == name.lower()]
        if len(alike) != 1:
            raise Unfit("no other name that is alike")
        right = within(folder, alike[0])
        text = yield Call("read_text_file", {"path": right})
        return f"The file is called {right}.\n\n{answers.excerpt(text)}"

    return Task({"file": said.text}, script(), within(folder, file.name))


# Folders


def folder_elsewhere(s: Scene) -> Task:
    names = [basename(folder) for folder in s.view.folders]
    folder = s.pick([f for f in s.view.folders if "/" in f and names.count(basename(f)) == 1])
    name = basename(folder)
    wrong = name if s.random.random() < 0.6 else within(s.pick(s.view.folders), name)
    if not s.missing(wrong) or set(name) & set("*?[]{}!"):
        raise Unfit("the folder is there")
    said = s.said_folder(wrong)

    def script() -> Script:
        yield Call("list_directory", {"path": said.path}, fails=True)
        found = the_only((yield search_everywhere(f"**/{name}")))
        text = yield Call("list_directory", {"path": found}, empty=True)
        return f"There is no {said.path}. {answers.names(found, [entry.name for entry in listing(text)])}"

    return Task({"dir": said.text}, script(), s.absolute(folder))


def folder_not_file(s: Scene) -> Task:
    """Somebody wants to read a folder as if it were a file."""
    said = s.said_folder(s.folder())

    def script() -> Script:
        yield Call("read_text_file", {"path": said.path}, fails=True)
        text = yield Call("list_directory", {"path": said.path})
        entries = [entry.name for entry in listing(text)]
        return f"{said.path} is a folder. {answers.names(said.path, entries)}"

    return Task({"dir": said.text}, script(), said.path)


def write_missing_folder(s: Scene) -> Task:
    """The folder of the file to be must be made first."""
    folder = s.new_folder(deepest=2)
    path, text = s.said(s.new_file(folder=folder), plainly=True), s.line()

    def script() -> Script:
        write = Call("write_file", {"path": path.path, "content": text}, fails=True)
        yield write
        yield Call("create_directory", {"path": path.path.rpartition("/")[0]})
        yield Call(write.tool, write.arguments)
        return f"{path.path} is written; its folder had to be made first."

    return Task({"file": path.text, "text": s.enclosed(text)}, script(), path.path)


def move_missing_folder(s: Scene) -> Task:
    file = s.pick(s.view.files)
    said, folder = s.said(file.path), s.said_folder(s.new_folder(deepest=2))
    target = f"{folder.path}/{file.name}"

    def script() -> Script:
        move = Call("move_file", {"source": said.path, "destination": target}, fails=True)
        yield move
        yield Call("create_directory", {"path": folder.path})
        yield Call(move.tool, move.arguments)
        return f"{said.path} is now {target}; the folder had to be made first."

    return Task({"file": said.text, "folder": folder.text}, script(), target)


# Refusals


def _refused(words: dict[str, str], call: Call, answer: str) -> Task:
    def script() -> Script:
        yield call
        return answer

    return Task(words, script())


def outside(s: Scene) -> Task:
    path = s.random.choice(_OUTSIDE)
    call = Call("read_text_file", {"path": path}, fails=True)
    return _refused(
        {"outside": s.quoted(path)}, call, f"I may not read {path}: it is outside of the allowed directory."
    )


def outside_list(s: Scene) -> Task:
    path = s.random.choice(_OUTSIDE_FOLDERS)
    call = Call("list_directory", {"path": path}, fails=True)
    return _refused({"outside": s.quoted(path)}, call, f"I may not look into {path}: it is not an allowed directory.")


def outside_write(s: Scene) -> Task:
    path, text = s.random.choice(_OUTSIDE), s.line()
    call = Call("write_file", {"path": path, "content": text}, fails=True)
    words = {"outside": s.quoted(path), "text": s.enclosed(text)}
    return _refused(words, call, f"I may not write {path}: it is outside of the allowed directory.")


def taken(s: Scene) -> Task:
    """A move onto a file that is there."""
    file, other = s.sample(s.view.files, 2, 2)
    said, target = s.said(file.path, plainly=True), s.said(other.path, plainly=True)
    call = Call("move_file", {"source": said.path, "destination": target.path}, fails=True)
    words = {"file": said.text, "target": target.text}
    return _refused(words, call, f"There is a file {target.path} already, so I left {said.path} where it is.")


# Edits


def inexact_edit(s: Scene) -> Task:
    """What the user quotes differs in case from what the file says; reading it shows the right words."""
    file = s.text(most=1500)
    old = unique_phrase(s.random, file)
    wrong = s.random.choice((old.lower(), old.upper(), old.title(), old.capitalize()))
    if wrong in (file.text or ""):
        raise Unfit("the same words")
    new, said = changed(s, old), s.said(file.path)

    def script() -> Script:
        yield edit_call(said.path, wrong, new, fails=True)
        yield Call("read_text_file", {"path": said.path})
        yield edit_call(said.path, old, new)
        return f"{said.path} had it as {old!r}; that is now {new!r}."

    return Task({"file": said.text, "old": s.enclosed(wrong), "new": s.enclosed(new)}, script(), said.path)


def edit_nothing(s: Scene) -> Task:
    """The words are not in the file at all."""
    file = s.text(most=1500)
    old = " ".join(s.sentence("diary").rstrip(".").split(" ")[:3])
    if old.lower() in (file.text or "").lower():
        raise Unfit("the words are there")
    new, said = changed(s, old), s.said(file.path)

    def script() -> Script:
        yield edit_call(said.path, old, new, fails=True)
        yield Call("read_text_file", {"path": said.path})
        return f"{said.path} does not say {old!r}, so I changed nothing."

    return Task({"file": said.text, "old": s.enclosed(old), "new": s.enclosed(new)}, script(), said.path)


PLANS = named(
    elsewhere,
    elsewhere_part,
    elsewhere_info,
    elsewhere_move,
    nowhere,
    wrong_case,
    folder_elsewhere,
    folder_not_file,
    write_missing_folder,
    move_missing_folder,
    outside,
    outside_list,
    outside_write,
    taken,
    inexact_edit,
    edit_nothing,
)
