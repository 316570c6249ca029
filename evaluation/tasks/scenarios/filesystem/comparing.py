"""Scenarios that weigh files and folders against each other."""

from __future__ import annotations

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call, listing
from evaluation.tasks.scenarios.filesystem.desk import Desk, Page, largest, newest
from evaluation.tasks.task import Says


def is_the_copy_the_same(desk: Desk) -> Draft:
    """A copy beside its original."""
    copies = [page for page in desk.texts() if " copy." in page.name]
    copy = desk.pick(copies)
    original = _named(desk, copy.path.replace(" copy.", "."))
    return Draft(
        description=f"1. Get the metadata of {original.path} and of {copy.path} with get_file_info. 2. Read both with "
        "read_multiple_files. 3. Say whether size and content are the same.",
        query=desk.worded(
            f"Next to {original.path} there is something with 'copy' in its name. Is it really the same thing? Look at "
            "the full text and the exact size of the two before you answer.",
            f"Can I throw away the copy of {original.path} that lies beside it? Only if both texts are identical and "
            "their sizes in bytes are too, so please check all of that.",
        ),
        plan=(
            call("list_directory", path=original.folder),
            call("get_file_info", path=original.path),
            call("get_file_info", path=copy.path),
            call("read_multiple_files", paths=[original.path, copy.path]),
        ),
        requirements=(original.exact_size, copy.exact_size, original.content, copy.content),
    )


def what_is_in_the_backup(desk: Desk) -> Draft:
    """A backup, and how it differs from what it was made of."""
    backup = desk.pick([page for page in desk.texts() if page.name.endswith(".bak")])
    original = _named(desk, backup.path.removesuffix(".bak"))
    return Draft(
        description=f"1. Search for **/*.bak with search_files. 2. Get size and time of last change of {backup.path} "
        f"and of {original.path} with get_file_info. 3. Read both with read_text_file and say what the backup lacks.",
        query=desk.worded(
            "I found out that there is a backup (.bak) of one of my files. Find it, and tell me what its original has "
            "that it lacks; I also need both sizes in bytes.",
            "One file here has an older .bak version. Which, how many bytes does each of the two have, and what was "
            "added since? Read the two completely, please.",
        ),
        plan=(
            call("search_files", path=".", pattern="**/*.bak"),
            call("get_file_info", path=backup.path),
            call("get_file_info", path=original.path),
            call("read_text_file", path=backup.path),
            call("read_text_file", path=original.path),
        ),
        requirements=(
            backup.listed,
            backup.exact_size,
            original.exact_size,
            backup.content,
            original.content,
        ),
    )


def two_folders(desk: Desk) -> Draft:
    """Which of two folders holds more."""
    fitting = [f for f in desk.folders if 2 <= len(desk.inside(f)) <= 7 and not desk.folders_in(f)]
    first, second = desk.some(fitting, 2, 2)
    together = [*desk.inside(first), *desk.inside(second)]
    top = largest(together)
    return Draft(
        description=f"1. List {first} with sizes (list_directory_with_sizes). 2. List {second} the same way. 3. Get "
        "the exact size and the time of last change of the largest single file of the two folders with get_file_info.",
        query=desk.worded(
            f"Which takes up more room, {first} or {second}? I'd like the size of each file in the two, and for the "
            "largest one overall its size to the byte and its last modification.",
            f"I can only take one of {first} and {second} along. How large is each thing in them? And the single "
            "biggest file: exact number of bytes and date of its last change, please.",
        ),
        plan=(
            call("list_directory_with_sizes", path=first),
            call("list_directory_with_sizes", path=second),
            call("get_file_info", path=top.path),
        ),
        requirements=(*(page.rounded_size for page in together), top.exact_size, top.time, Says(text=top.name)),
    )


def review(desk: Desk) -> Draft:
    """The largest files of a kind in named folders, their first lines and their metadata (as in appendix C)."""
    suffix = desk.pick([".py", ".log", ".md", ".txt", ".csv"])
    folders = [f for f in desk.folders if any(page.suffix == suffix for page in desk.inside(f))]
    chosen = desk.some([f for f in folders if len(desk.inside(f)) <= 10], 2, 3)
    files = [page for folder in chosen for page in desk.inside(folder) if page.suffix == suffix]
    if not 3 <= len(files) <= 9:
        raise Unfit
    top = sorted(files, key=lambda page: -page.size)[:2]
    if top[1].size == sorted(files, key=lambda page: -page.size)[2].size or not all(page.lines for page in top):
        raise Unfit
    number = desk.pick([5, 10])
    return Draft(
        description=f"1. For exactly these folders, list the entries with sizes, sorted by size: {listing(chosen)} "
        f"(list_directory_with_sizes, sortBy=size). 2. Identify the two largest {suffix} files among them. 3. Read the "
        f"first {number} lines of each (read_text_file, head={number}). 4. Fetch size, time of last change and "
        "permissions of each (get_file_info). 5. Produce a JSON array with an object for each file.",
        query=desk.worded(
            f"I'm getting ready for a review and may only look at {listing(chosen)}. Which 2 {suffix} files in there "
            f"are the largest, comparing all the sizes? For these two I need the first {number} lines, the size in "
            "bytes, the permissions and the last change, as a JSON array.",
            f"My boss wants the 2 biggest {suffix} files from {listing(chosen)}, nothing from elsewhere. Check how "
            f"large everything is, then give me for each of the 2: path, bytes, last modified, permissions and how it "
            f"starts ({number} lines). JSON, please.",
        ),
        plan=(
            *(call("list_directory_with_sizes", path=folder, sortBy="size") for folder in chosen),
            *(call("read_text_file", path=page.path, head=number) for page in top),
            *(call("get_file_info", path=page.path) for page in top),
        ),
        requirements=(
            *(page.rounded_size for page in files),
            *(page.showing(page.head(number)) for page in top),
            *(page.exact_size for page in top),
            *(page.time for page in top),
            *(page.permissions for page in top),
        ),
    )


def when_was_what(desk: Desk) -> Draft:
    """The times of all files of a folder."""
    folder = desk.place(2, 5)
    pages = desk.inside(folder)
    last = newest(pages)
    return Draft(
        description=f"1. List {folder} with list_directory. 2. Call get_file_info for each of its {len(pages)} files. "
        "3. Order them by the time of last change, the latest first.",
        query=desk.worded(
            f"Put the {len(pages)} files of {folder} in order for me, the one changed last on top, with the exact "
            "moment of each.",
            f"When exactly was each of the {len(pages)} things in {folder} last modified? Latest first.",
        ),
        plan=(
            call("list_directory", path=folder),
            *(call("get_file_info", path=page.path) for page in pages),
        ),
        requirements=(*(page.listed for page in pages), *(page.time for page in pages), Says(text=last.name)),
    )


def beginnings(desk: Desk) -> Draft:
    """How the files of a folder begin, and which of them is the longest."""
    folder = desk.place(2, 4, lambda pages: all(page in desk.texts(lines=3, most=80_000) for page in pages))
    pages = desk.inside(folder)
    number = desk.pick([2, 3])
    return Draft(
        description=f"1. List {folder} with sizes (list_directory_with_sizes). 2. Read the first {number} lines of "
        f"each file in it with read_text_file (head={number}). 3. Say which of them is the largest and what each is.",
        query=desk.worded(
            f"I no longer know what is what in {folder}. Give me the size and the first {number} lines of every file "
            "there.",
            f"For each of the {len(pages)} files in {folder}: how large is it, and what do its top {number} lines say?",
        ),
        plan=(
            call("list_directory_with_sizes", path=folder),
            *(call("read_text_file", path=page.path, head=number) for page in pages),
        ),
        requirements=(
            *(page.rounded_size for page in pages),
            *(page.showing(page.head(number)) for page in pages),
        ),
    )


def scripts_and_rights(desk: Desk) -> Draft:
    """Who may run what: the permissions of all files of a kind."""
    suffix = desk.pick([".sh", ".py", ".sql", ".pdf", ".jpg", ".mp4", ".mp3", ".log"])
    found = [page for page in desk.pages if page.suffix == suffix]
    if not 1 <= len(found) <= 4:
        raise Unfit
    return Draft(
        description=f"1. Search the workspace for **/*{suffix} with search_files. 2. Call get_file_info for each file "
        "found. 3. Report a table of path, permissions, size in bytes and time of last change.",
        query=desk.worded(
            f"Make me a table of all {suffix} files, wherever they are: path, permissions, bytes, last change.",
            f"An auditor wants to know about our {suffix} files: where each one is, its permissions, its exact size "
            "and its last modification. Don't leave any out.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{suffix}"),
            *(call("get_file_info", path=page.path) for page in found),
        ),
        requirements=(
            *(page.listed for page in found),
            *(page.permissions for page in found),
            *(page.exact_size for page in found),
            *(page.time for page in found),
        ),
    )


def _named(desk: Desk, path: str) -> Page:
    return desk.pick([page for page in desk.texts() if page.path == path])


COMPARING = (
    is_the_copy_the_same,
    what_is_in_the_backup,
    two_folders,
    review,
    when_was_what,
    beginnings,
    scripts_and_rights,
)
