"""Scenarios that end in a change to the workspace, which is known to the letter."""

from __future__ import annotations

import re

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call, listing
from evaluation.tasks.scenarios.filesystem.desk import Desk, largest
from evaluation.tasks.task import Folder, Moved, Written

_SETTING = re.compile(r"^(\w+)(: | = )(\d+)$", re.MULTILINE)
_OPEN = re.compile(r"^(?:- )?\[ \] (.+)$", re.MULTILINE)


def sorted_out(desk: Desk) -> Draft:
    """Files of a kind, gathered in a new folder."""
    suffix = desk.pick([".csv", ".pdf", ".json", ".eml", ".log", ".txt", ".jpg", ".md"])
    found = [page for page in desk.pages if page.suffix == suffix]
    if not 2 <= len(found) <= 3 or len({page.name for page in found}) < len(found):
        raise Unfit
    target = desk.free(desk.worded("Sorted", "gathered") + "/" + suffix.removeprefix("."))
    return Draft(
        description=f"1. Search the workspace for **/*{suffix} with search_files. 2. Make the folder {target} with "
        "create_directory. 3. Move every file found there with move_file, names unchanged.",
        query=desk.worded(
            f"My {suffix} files are all over the place. Put every one of them into {target}, which doesn't exist yet, "
            "and keep their names.",
            f"Gather the {suffix} files from all folders in one new place, {target}. Don't rename anything.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{suffix}"),
            call("create_directory", path=target),
            *(call("move_file", source=page.path, destination=f"{target}/{page.name}") for page in found),
        ),
        requirements=(
            *(page.listed for page in found),
            Folder(path=target),
            *(Moved(source=page.path, destination=f"{target}/{page.name}") for page in found),
        ),
    )


def dated_name(desk: Desk) -> Draft:
    """A file that gets the day of its last change before its name."""
    page = desk.pick([page for page in desk.pages if not page.name[:1].isdigit() and not page.name.startswith(".")])
    name = f"{page.modified:%Y-%m-%d}_{page.name}"
    target = desk.free(name if page.folder == "." else f"{page.folder}/{name}")
    return Draft(
        description=f"1. Get the time of last change of {page.path} with get_file_info. 2. Rename the file with "
        "move_file so that its name starts with that day as YYYY-MM-DD and an underscore, in the same folder.",
        query=desk.worded(
            f"Please rename {page.path} so that the day of its last modification stands in front of the old name, like "
            "2023-01-31_name, and leave it in its folder.",
            f"I want to see from the name when {page.path} was last changed: put that date before it, year-month-day "
            "with dashes and then an underscore. Same folder.",
        ),
        plan=(call("get_file_info", path=page.path), call("move_file", source=page.path, destination=target)),
        requirements=(page.time, Moved(source=page.path, destination=target)),
    )


def table_of_contents(desk: Desk) -> Draft:
    """The names of a folder's files, written to a file."""
    folder = desk.place(2, 7, lambda pages: not any(page.name.startswith(".") for page in pages))
    pages = desk.inside(folder)
    target = desk.free(f"{folder}/{desk.worded('contents.txt', 'INDEX.txt')}")
    names = "\n".join(sorted(page.name for page in pages)) + "\n"
    return Draft(
        description=f"1. List {folder} with list_directory. 2. Write the names of its files, one a line, capital "
        f"letters before small ones as in ASCII, and nothing else, to {target} with write_file.",
        query=desk.worded(
            f"{folder} needs a table of contents: a file {target.rpartition('/')[2]} in it with the name of each file "
            "that's there now, one on each line, sorted as ASCII has it, and nothing more.",
            f"Look at what's in {folder} and leave the file {target.rpartition('/')[2]} there, with just the names of "
            "the others, one a line, in ASCII order.",
        ),
        plan=(call("list_directory", path=folder), call("write_file", path=target, content=names)),
        requirements=(*(page.listed for page in pages), Written(path=target, text=names)),
    )


def new_value(desk: Desk) -> Draft:
    """A setting that gets another number."""
    page = desk.pick([page for page in desk.texts(suffixes=(".ini", ".yaml", ".toml")) if page.size < 1200])
    setting = desk.pick(list(_SETTING.finditer(page.text or "")))
    value = int(setting[3]) + desk.pick([1, 5, 10, 40])
    old, new = setting[0], f"{setting[1]}{setting[2]}{value}"
    if (page.text or "").count(old) != 1:
        raise Unfit
    text = (page.text or "").replace(old, new)
    return Draft(
        description=f"1. Locate {page.name} with search_files. 2. Read it with read_text_file. 3. Set {setting[1]} to "
        f"{value} with edit_file and leave the rest as it is.",
        query=desk.worded(
            f"The {setting[1]} in {page.name} must be {value} from now on. It's in one of the folders. Change nothing "
            "else in it, and tell me what it was before.",
            f"What is {setting[1]} set to in {page.name}, wherever that file is? It should be {value}; put it right, "
            "the other settings stay.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/{page.name}"),
            call("read_text_file", path=page.path),
            call("edit_file", path=page.path, edits=[{"oldText": old, "newText": new}]),
        ),
        requirements=(page.listed, page.showing(old), Written(path=page.path, text=text)),
    )


def done_with(desk: Desk) -> Draft:
    """An open task of a list, ticked off."""
    page = desk.pick([page for page in desk.texts() if _OPEN.search(page.text or "")])
    match = desk.pick(list(_OPEN.finditer(page.text or "")))
    ticked = match[0].replace("[ ]", "[x]")
    text = (page.text or "").replace(match[0], ticked)
    if (page.text or "").count(match[0]) != 1:
        raise Unfit
    return Draft(
        description=f"1. Read {page.path} with read_text_file. 2. Tick the task {match[1]!r} off with edit_file: "
        "replace its [ ] by [x] and change nothing else.",
        query=desk.worded(
            f"I did this one: '{match[1]}'. It's on the list in {page.path}; mark it with an x like the others that "
            "are done, and tell me what is still open there.",
            f"Show me the list in {page.path}, and tick off '{match[1]}' ([x]); nothing else on it has changed.",
        ),
        plan=(
            call("read_text_file", path=page.path),
            call("edit_file", path=page.path, edits=[{"oldText": match[0], "newText": ticked}]),
        ),
        requirements=(
            page.showing(match[0]),
            Written(path=page.path, text=text),
        ),
    )


def extract(desk: Desk) -> Draft:
    """Some lines of a long file, kept in a file of their own."""
    page = desk.pick([p for p in desk.texts(lines=20, most=90_000) if p.suffix in (".log", ".csv", ".py", ".sql")])
    number = desk.pick([2, 3, 4])
    kept = page.head(number)
    target = desk.free(desk.worded("excerpts/extract.txt", "for review/lines.txt"))
    return Draft(
        description=f"1. Read the first {number} lines of {page.path} with read_text_file (head={number}). "
        f"2. Make the folder {target.partition('/')[0]} with create_directory. 3. Write exactly these lines to "
        f"{target} with write_file.",
        query=desk.worded(
            f"I need the first {number} lines of {page.path} as a file of their own: {target}, in a folder that is "
            "not there yet. Word for word, please.",
            f"Take the first {number} lines from {page.path}, exactly as they are, and save them as {target} (new "
            "folder) for the others to read.",
        ),
        plan=(
            call("read_text_file", path=page.path, head=number),
            call("create_directory", path=target.partition("/")[0]),
            call("write_file", path=target, content=kept + "\n"),
        ),
        requirements=(page.showing(kept), Folder(path=target.partition("/")[0]), Written(path=target, text=kept)),
    )


def safe_copy(desk: Desk) -> Draft:
    """A short text, copied into a new folder."""
    page = desk.pick([page for page in desk.texts(lines=2) if page.size < 450])
    folder = desk.free(desk.worded("Backup", "safe/copies"))
    target = f"{folder}/{page.name}"
    return Draft(
        description=f"1. Read {page.path} with read_text_file. 2. Make the folder {folder} with create_directory. "
        f"3. Write the same text to {target} with write_file; the original stays.",
        query=desk.worded(
            f"Please put a copy of {page.path} under the same name into a new folder {folder}, letter for letter. The "
            "original stays where it is.",
            f"Before I edit {page.path} I want an identical copy of it in {folder}, which you'd have to make. Don't "
            "move the original.",
        ),
        plan=(
            call("read_text_file", path=page.path),
            call("create_directory", path=folder),
            call("write_file", path=target, content=page.text or ""),
        ),
        requirements=(page.content, Folder(path=folder), Written(path=target, text=page.text or "")),
    )


def largest_away(desk: Desk) -> Draft:
    """The largest file of a folder goes to another place."""
    folder = desk.place(3, 9)
    page = largest(desk.inside(folder))
    target = desk.free(desk.worded("Large files", "archive/big"))
    return Draft(
        description=f"1. List {folder} with sizes (list_directory_with_sizes, sortBy=size). 2. Make the folder "
        f"{target} with create_directory. 3. Move the largest file of {folder} there with move_file.",
        query=desk.worded(
            f"Get the single biggest file out of {folder} and into {target}, a folder I don't have yet. Tell me how "
            "big each of the files was.",
            f"{folder} is too full. Compare the sizes in it and move only the largest file to a new folder {target}, "
            "under its old name.",
        ),
        plan=(
            call("list_directory_with_sizes", path=folder, sortBy="size"),
            call("create_directory", path=target),
            call("move_file", source=page.path, destination=f"{target}/{page.name}"),
        ),
        requirements=(
            *(other.rounded_size for other in desk.inside(folder)),
            Folder(path=target),
            Moved(source=page.path, destination=f"{target}/{page.name}"),
        ),
    )


def a_place_for_each(desk: Desk) -> Draft:
    """Two files of a folder, each moved to a folder of its own."""
    folder = desk.place(3, 8, lambda pages: len({page.suffix for page in pages}) >= 2)
    first, second = desk.some(desk.inside(folder), 2, 2)
    if first.suffix == second.suffix or not first.suffix or not second.suffix:
        raise Unfit
    targets = [desk.free(f"{folder}/{page.suffix.removeprefix('.')}") for page in (first, second)]
    return Draft(
        description=f"1. List {folder} with list_directory. 2. Make the folders {listing(targets)} with "
        f"create_directory. 3. Move {first.name} and {second.name} with move_file, each to the one of its extension.",
        query=desk.worded(
            f"Show me what is in {folder}, then start sorting it by extension: {first.name} and {second.name} each go "
            f"into a new subfolder named like their extension without the dot. The others can stay.",
            f"In {folder}, {first.name} and {second.name} should each lie in a subfolder of its own that is called "
            "what its extension is, dot left out. Also list what the folder held before.",
        ),
        plan=(
            call("list_directory", path=folder),
            *(call("create_directory", path=target) for target in targets),
            *(
                call("move_file", source=page.path, destination=f"{target}/{page.name}")
                for page, target in zip((first, second), targets, strict=True)
            ),
        ),
        requirements=(
            *(page.listed for page in desk.inside(folder)),
            *(Folder(path=target) for target in targets),
            *(
                Moved(source=page.path, destination=f"{target}/{page.name}")
                for page, target in zip((first, second), targets, strict=True)
            ),
        ),
    )


CHANGING = (
    sorted_out,
    dated_name,
    table_of_contents,
    new_value,
    done_with,
    extract,
    safe_copy,
    largest_away,
    a_place_for_each,
)
