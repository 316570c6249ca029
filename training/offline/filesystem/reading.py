"""Plans for read_text_file, read_multiple_files and read_media_file."""

from __future__ import annotations

from training.offline.filesystem import answers
from training.offline.filesystem.phrases import salient_word
from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.view import File
from training.offline.script import Call, Script, Task, Unfit

# One text file


def read_whole(s: Scene) -> Task:
    file = s.said(s.text().path)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": file.path})
        return answers.content(file.path, text)

    return Task({"file": file.text}, script(), file.path)


def read_head(s: Scene) -> Task:
    chosen = s.text(lines=3, most=20_000)
    return _part(s, chosen, "head", s.number(chosen))


def read_tail(s: Scene) -> Task:
    chosen = s.text(lines=3, most=50_000)
    return _part(s, chosen, "tail", s.number(chosen))


def read_first(s: Scene) -> Task:
    """The first line."""
    return _part(s, s.text(lines=2, most=20_000), "head", 1)


def read_last(s: Scene) -> Task:
    """The last line."""
    return _part(s, s.text(lines=2, most=20_000), "tail", 1)


def _part(s: Scene, chosen: File, end: str, number: int) -> Task:
    file = s.said(chosen.path)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": file.path, end: number}, empty=True)
        which = "first" if end == "head" else "last"
        title = f"The {which} {number} lines of" if number > 1 else f"The {which} line of"
        if not text.strip():
            return f"{title} {file.path} {'are' if number > 1 else 'is'} empty."
        return f"{title} {file.path}:\n\n{answers.excerpt(text)}"

    return Task({"file": file.text, "n": s.said_number(number)}, script(), file.path)


def read_about(s: Scene) -> Task:
    """What a file says about something: only reading it tells."""
    chosen = s.text(lines=2)
    file, word = s.said(chosen.path), salient_word(s.random, chosen)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": file.path})
        lines = [line.strip() for line in text.splitlines() if word in line]
        if not lines:
            raise Unfit("the file does not say what it was asked for")
        return f"{file.path} says: {' '.join(lines)[:400]}"

    return Task({"file": file.text, "word": s.quoted(word)}, script(), file.path)


def read_count(s: Scene) -> Task:
    """How many lines there are."""
    file = s.said(s.text(lines=2).path)

    def script() -> Script:
        text = yield Call("read_text_file", {"path": file.path})
        return answers.numbered(text.splitlines(), "line")

    return Task({"file": file.text}, script(), file.path)


# Several files


def read_several(s: Scene) -> Task:
    paths, words = s.said_files([file.path for file in s.sample(s.texts(most=1100), 2, 4)])

    def script() -> Script:
        text = yield Call("read_multiple_files", {"paths": paths})
        return answers.contents(text)

    return Task({"files": words}, script())


def read_siblings(s: Scene) -> Task:
    """Several files of one folder, by their names."""
    fitting = s.texts(most=1100)
    folder = s.pick([f for f in s.view.folders if sum(file.folder == f for file in fitting) > 1])
    chosen = s.sample([file for file in fitting if file.folder == folder], 2, 3)
    words = s.series([s.quoted(file.name) for file in chosen])

    def script() -> Script:
        text = yield Call("read_multiple_files", {"paths": [file.path for file in chosen]})
        return answers.contents(text)

    return Task({"names": words, "dir": s.said_folder(folder).text}, script())


def compare_files(s: Scene) -> Task:
    first, second = s.sample(s.texts(lines=2, most=1500), 2, 2)
    one, other = s.said(first.path), s.said(second.path)

    def script() -> Script:
        text = yield Call("read_multiple_files", {"paths": [one.path, other.path]})
        return answers.contents(text)

    return Task({"file": one.text, "file2": other.text}, script())


def which_mentions(s: Scene) -> Task:
    chosen = s.sample(s.texts(most=1100), 2, 4)
    word = salient_word(s.random, s.random.choice(chosen))
    paths, words = s.said_files([file.path for file in chosen])

    def script() -> Script:
        yield Call("read_multiple_files", {"paths": paths})
        having = [path for path, file in zip(paths, chosen, strict=True) if word in (file.text or "")]
        return f"{word} turns up in {' and '.join(having)}."

    return Task({"files": words, "word": s.quoted(word)}, script())


# Pictures and sounds


def see_image(s: Scene) -> Task:
    return _media(s, s.image())


def hear_sound(s: Scene) -> Task:
    return _media(s, s.sound())


def get_media(s: Scene) -> Task:
    """A picture or a sound, as base64 or for its type."""
    return _media(s, s.image() if s.random.random() < 0.6 else s.sound())


def _media(s: Scene, chosen: File) -> Task:
    file = s.said(chosen.path)

    def script() -> Script:
        yield Call("read_media_file", {"path": file.path})
        return f"Here is {file.path}, {chosen.size:,} bytes."

    return Task({"file": file.text}, script(), file.path)


PLANS = named(
    read_whole,
    read_head,
    read_tail,
    read_first,
    read_last,
    read_about,
    read_count,
    read_several,
    read_siblings,
    compare_files,
    which_mentions,
    see_image,
    hear_sound,
    get_media,
)
