"""Scenarios that look for files and read them."""

from __future__ import annotations

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call, listing
from evaluation.tasks.scenarios.filesystem.desk import Desk, largest, newest
from evaluation.tasks.task import Listed, Says, Told


def every_table(desk: Desk) -> Draft:
    """All files of a kind, wherever they are, and what is in them."""
    suffix = desk.pick([".csv", ".json", ".ini", ".yaml", ".eml", ".ics"])
    found = [page for page in desk.pages if page.suffix == suffix]
    if not 2 <= len(found) <= 4 or not all(page in desk.texts() for page in found):
        raise Unfit
    ending = suffix.removeprefix(".")
    return Draft(
        description=f"1. Search the workspace recursively for files matching **/*{suffix} with search_files. 2. Read "
        f"all of them at once with read_multiple_files. 3. Report for each its path and what it is about.",
        query=desk.worded(
            f"I need an overview of the {ending} files I have lying around, in whatever folder. Could you track all of "
            f"them down and look inside each, and then give me a line on every one: where it is, what it's about?",
            f"Somebody asked me what is in my {ending} files and I honestly can't say. Go through every one there is, "
            "their whole content please, and tell me the place and the subject of each.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{suffix}"),
            call("read_multiple_files", paths=[page.path for page in found]),
        ),
        requirements=(*(page.listed for page in found), *(page.content for page in found)),
    )


def half_remembered(desk: Desk) -> Draft:
    """One file by a word of its name: find it, read it, and when it was last changed."""
    page = desk.pick(desk.texts(lines=3))
    words = [word for word in page.name.rpartition(".")[0].replace("_", " ").replace("-", " ").split() if len(word) > 4]
    word = desk.pick([word for word in words if sum(word.lower() in p.path.lower() for p in desk.pages) == 1])
    return Draft(
        description=f"1. Find the file that has {word!r} in its name with search_files (pattern **/*{word}*). 2. Read "
        "it whole with read_text_file. 3. Get its size and its time of last change with get_file_info. 4. Report all.",
        query=desk.worded(
            f"There must be a file with {word} in its name somewhere, I just don't know in which folder. What does it "
            "say, how big is it to the byte, and when did I last touch it?",
            f"Can you dig up that file called something with {word}? I'd like its full text, and also its exact size "
            "and the date it was last changed, because I have to quote both.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{word}*"),
            call("read_text_file", path=page.path),
            call("get_file_info", path=page.path),
        ),
        requirements=(page.listed, page.content, page.exact_size, page.time),
    )


def newest_of_kind(desk: Desk) -> Draft:
    """Of the files of a kind, the one changed last, and its text."""
    suffix = desk.pick([".md", ".csv", ".txt", ".py", ".log"])
    found = [page for page in desk.pages if page.suffix == suffix]
    if not 2 <= len(found) <= 4:
        raise Unfit
    last = newest(found)
    if last not in desk.texts():
        raise Unfit
    return Draft(
        description=f"1. Search the workspace for **/*{suffix} with search_files. 2. Call get_file_info for each file "
        "found and compare the times of last change. 3. Read the one changed last with read_text_file.",
        query=desk.worded(
            f"Of all my {suffix} files, which one did I work on most recently? Check the date of each of them rather "
            "than guessing from the name, and then show me the text of that one.",
            f"I want to pick up where I left off: look at when each of the {suffix} files was last modified, wherever "
            "they are, and open the latest for me.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{suffix}"),
            *(call("get_file_info", path=page.path) for page in found),
            call("read_text_file", path=last.path),
        ),
        requirements=(*(page.time for page in found), last.content, Says(text=last.name)),
    )


def to_do_lists(desk: Desk) -> Draft:
    """Everything that is called after what is in it, all read."""
    word = desk.pick(["todo", "notes", "report", "invoice", "letter", "minutes", "diary", "settings", "readings"])
    found = [page for page in desk.pages if word in page.name]
    if not 2 <= len(found) <= 4 or not all(page in desk.texts() for page in found):
        raise Unfit
    return Draft(
        description=f"1. Search the workspace for files with {word!r} in their names (search_files, pattern "
        f"**/*{word}*). 2. Read all of them with read_multiple_files. 3. Summarise them together in five sentences.",
        query=desk.worded(
            f"Please pull together everything whose file name has '{word}' in it, from all folders, read it all "
            "completely and boil it down to five sentences for me.",
            f"I have {len(found)} files with '{word}' in the name, scattered about. I'd like one summary of five "
            "sentences over the full text of all of them.",
        ),
        plan=(
            call("search_files", path=".", pattern=f"**/*{word}*"),
            call("read_multiple_files", paths=[page.path for page in found]),
        ),
        requirements=tuple(page.content for page in found),
    )


def guided_tour(desk: Desk) -> Draft:
    """What is below a folder, and the beginnings of its texts."""
    folder = desk.pick([f for f in desk.folders if "/" not in f and 3 <= len(desk.below(f)) <= 8])
    texts = [page for page in desk.below(folder) if page in desk.texts(lines=4, most=60_000)]
    chosen = desk.some(texts, 2, 3)
    return Draft(
        description=f"1. Get the recursive tree of {folder} with directory_tree. 2. Read the first 3 lines of each of "
        f"{listing([page.path for page in chosen])} with read_text_file (head=3). 3. Describe the folder.",
        query=desk.worded(
            f"I'm handing {folder} over to a colleague. Tell me everything that is in there, subfolders included, and "
            f"give the opening 3 lines of {listing([page.path for page in chosen])} so that they get an idea.",
            f"What have I got below {folder}, all the way down? And how do {listing([page.path for page in chosen])} "
            "begin? The first 3 lines of each will do.",
        ),
        plan=(
            call("directory_tree", path=folder),
            *(call("read_text_file", path=page.path, head=3) for page in chosen),
        ),
        requirements=(
            *(page.listed for page in desk.below(folder)),
            *(Listed(path=inner) for inner in desk.folders_below(folder)),
            *(page.showing(page.head(3)) for page in chosen),
        ),
    )


def end_of_longest(desk: Desk) -> Draft:
    """The largest file of a folder, and how it ends."""
    folder = desk.place(2, 8)
    last = largest(desk.inside(folder))
    if last not in desk.texts(lines=12, most=80_000):
        raise Unfit
    number = desk.pick([4, 6, 8])
    return Draft(
        description=f"1. List {folder} with sizes, sorted by size (list_directory_with_sizes, sortBy=size). 2. Read "
        f"the last {number} lines of the largest file with read_text_file (tail={number}). 3. Get its permissions and "
        "time of last change with get_file_info.",
        query=desk.worded(
            f"Something in {folder} is eating up space. Show me how large everything in there is, and for the biggest "
            f"one the final {number} lines, its permissions and when it was last changed.",
            f"Compare the sizes of what's in {folder}. How does the biggest file end (last {number} lines), who may "
            "read it going by its permissions, and when was it modified?",
        ),
        plan=(
            call("list_directory_with_sizes", path=folder, sortBy="size"),
            call("read_text_file", path=last.path, tail=number),
            call("get_file_info", path=last.path),
        ),
        requirements=(
            *(page.rounded_size for page in desk.inside(folder)),
            last.showing(last.tail(number)),
            last.permissions,
            last.time,
            Says(text=last.name),
        ),
    )


def where_am_i(desk: Desk) -> Draft:
    """What may be reached, what is at the top, and one file of it."""
    page = desk.pick([page for page in desk.inside(".") if page in desk.texts(most=1500)])
    return Draft(
        description="1. Find out which directories are allowed with list_allowed_directories. 2. List the workspace "
        f"itself with list_directory. 3. Read {page.name} at its top with read_text_file.",
        query=desk.worded(
            "I'm new on this machine. Which folders are you permitted to work in at all, what is at the top of mine, "
            f"and what does the {page.name} there say?",
            "Before we start: confirm what you have access to, show me what's directly in my workspace, and open "
            f"{page.name} from there.",
        ),
        plan=(
            call("list_allowed_directories"),
            call("list_directory", path="."),
            call("read_text_file", path=page.path),
        ),
        requirements=(
            Told(tool="list_allowed_directories", text="{root}"),
            *(other.listed for other in desk.inside(".")),
            *(Listed(path=folder) for folder in desk.folders_in(".")),
            page.content,
        ),
    )


def settings_of_all(desk: Desk) -> Draft:
    """Configuration files in different formats, read side by side."""
    found = [page for page in desk.texts(suffixes=(".ini", ".yaml", ".toml", ".json")) if page.size < 900]
    if not 2 <= len(found) <= 5:
        raise Unfit
    chosen = desk.some(found, 2, 3)
    names = listing([page.name for page in chosen])
    return Draft(
        description=f"1. Locate {names} with search_files, one search for each. 2. Read them together with "
        "read_multiple_files. 3. Make a table of every setting and its value.",
        query=desk.worded(
            f"I need one table of what is configured where: every setting and value in {names}. They're in different "
            "folders, you will have to find them first.",
            f"Somewhere there are {names}. What do they set, each of them, name and value?",
        ),
        plan=(
            *(call("search_files", path=".", pattern=f"**/{page.name}") for page in chosen),
            call("read_multiple_files", paths=[page.path for page in chosen]),
        ),
        requirements=(*(page.listed for page in chosen), *(page.content for page in chosen)),
    )


def hidden_files(desk: Desk) -> Draft:
    """Files whose names start with a dot: which there are at the top, and who may read them."""
    found = [page for page in desk.inside(".") if page.name.startswith(".")]
    if not 1 <= len(found) <= 4:
        raise Unfit
    shown = desk.pick([page for page in found if page in desk.texts()])
    return Draft(
        description="1. List the top of the workspace with list_directory. 2. Call get_file_info for each file whose "
        f"name starts with a dot and note permissions and size in bytes. 3. Read {shown.name} with read_text_file.",
        query=desk.worded(
            "For a security check: which dotfiles do I have right at the top of my workspace, what are the permissions "
            f"and the exact size of each, and what exactly is in {shown.name}?",
            f"Are my hidden files at the top level safe? I want permissions and byte count for every one, and the "
            f"content of {shown.name}.",
        ),
        plan=(
            call("list_directory", path="."),
            *(call("get_file_info", path=page.path) for page in found),
            call("read_text_file", path=shown.path),
        ),
        requirements=(
            *(page.listed for page in found),
            *(page.permissions for page in found),
            *(page.exact_size for page in found),
            shown.content,
        ),
    )


FINDING = (
    every_table,
    half_remembered,
    newest_of_kind,
    to_do_lists,
    guided_tour,
    end_of_longest,
    where_am_i,
    settings_of_all,
    hidden_files,
)
