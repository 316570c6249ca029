"""The place of a request: a workspace as it is now, a draw of chances, and the slots of the phrasing to fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from posixpath import basename, splitext
from random import Random
from typing import TypeVar

from training.offline import saying
from training.offline.filesystem import mentions
from training.offline.filesystem.mentions import Said
from training.offline.filesystem.values import file_name, folder_path, free_path, some_folder, values
from training.offline.filesystem.view import HERE, IMAGES, SOUNDS, File, View
from training.offline.script import Earlier, Unfit

T = TypeVar("T")
_EXTRA_LINES = 0.06
"""How often somebody asks for more lines than there are."""
_AT_THE_TOP = 0.4


@dataclass(frozen=True)
class Scene:
    """What plans draw from. Every method raises Unfit where the workspace has nothing of the kind.

    root: the workspace's own path, as results show it. slots: those of the phrasing. sentence: makes one up about
    the people and projects of the workspace, of a kind (see `sentences.toml` of the workspaces). person: one of
    these people. earlier: what was done just before, where the request follows on it.
    """

    random: Random
    view: View
    root: str
    slots: frozenset[str]
    sentence: Callable[[str], str]
    person: str
    earlier: Earlier | None = None

    # What there is

    def pick(self, options: Sequence[T]) -> T:
        if not options:
            raise Unfit("nothing of this kind")
        return self.random.choice(options)

    def sample(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Between `least` and `most` different ones, fewer where there are fewer."""
        if len(options) < least:
            raise Unfit("too few of this kind")
        return self.random.sample(options, self.random.randint(least, min(most, len(options))))

    def texts(self, *, lines: int = 1, most: int = 2500) -> tuple[File, ...]:
        """Text files of at least `lines` lines and at most `most` characters, none of them empty."""
        return self.view.matching(lambda f: bool(f.text) and len(f.lines) >= lines and len(f.text or "") <= most)

    def text(self, *, lines: int = 1, most: int = 2500) -> File:
        return self.pick(self.texts(lines=lines, most=most))

    def image(self) -> File:
        return self.pick(self.view.matching(lambda f: f.suffix.lower() in IMAGES))

    def sound(self) -> File:
        return self.pick(self.view.matching(lambda f: f.suffix.lower() in SOUNDS))

    def any_path(self) -> str:
        """A file or, one time in five, a folder."""
        if self.view.folders and self.random.random() < 0.2:
            return self.random.choice(self.view.folders)
        return self.pick(self.view.files).path

    def folder(self, *, least: int = 1, most: int = 30) -> str:
        """A folder that directly holds between `least` and `most` things."""
        return self._folder([f for f in self.view.folders if self._fits(f, least, most)])

    def place(self, *, least: int = 1, most: int = 30) -> str:
        """A folder, or the workspace itself one time in four."""
        if "dir" not in self.slots and self.random.random() < 0.25 and self._fits(HERE, least, most):
            return HERE
        return self.folder(least=least, most=most)

    def wide_place(self, *, least: int = 1, most: int = 40) -> str:
        """A folder by all that is below it, or now and then the workspace itself: whoever names none means that."""
        fitting = [f for f in (HERE, *self.view.folders) if least <= len(self.view.below(f)) <= most]
        if fitting[:1] == [HERE] and (len(fitting) == 1 or self.random.random() < 0.15):
            return HERE
        return self._folder([folder for folder in fitting if folder != HERE])

    def _folder(self, folders: Sequence[str]) -> str:
        """One of these, a folder at the top more often: its bare name is how people speak of it."""
        top = [folder for folder in folders if "/" not in folder]
        return self.random.choice(top) if top and self.random.random() < _AT_THE_TOP else self.pick(folders)

    def _fits(self, folder: str, least: int, most: int) -> bool:
        return least <= len(self.view.children(folder)) <= most

    def relative(self, path: str) -> str:
        """A path as the view has it, from an argument that may start at the root of the machine."""
        return path.removeprefix(self.root).strip("/") or HERE

    def below(self, where: str) -> tuple[str, ...]:
        """Paths of everything below a folder, given as an argument has it."""
        return self.view.below(self.relative(where))

    # What was spoken of

    @property
    def before(self) -> Earlier:
        if self.earlier is None:
            raise Unfit("nothing came before")
        return self.earlier

    def it(self) -> tuple[str, File]:
        """The file that was spoken of: its path as an argument, and the file itself."""
        path = self.before.about
        if path is None:
            raise Unfit("no file was spoken of")
        return path, self.pick([file for file in self.view.files if file.path == self.relative(path)])

    # What there is not yet

    def new_file(self, *, folder: str | None = None, name: str | None = None) -> str:
        """A free path for a text file in a folder that exists."""
        place = some_folder(self.random, self.view) if folder is None else folder
        return free_path(self.random, self.view, name or file_name(self.random), place)

    def new_folder(self, *, deepest: int = 3) -> str:
        """A free path for a folder: at the top, deep, or in a folder that exists."""
        path = folder_path(self.random, deepest)
        if self.random.random() < 0.35:
            path = f"{self.folder(least=0)}/{basename(path)}"
        return free_path(self.random, self.view, basename(path), path.rpartition("/")[0] or HERE)

    def new_name(self, file: File) -> str:
        """Another name with the same extension: a new one, or the old one made better."""
        stem = splitext(file_name(self.random))[0]
        tidy = file.stem.lower().replace(" ", "_").replace("-", "_")
        ending = self.random.choice(("_old", "-v2", "_final", " (archived)", "_2024", "-copy", ".bak", "_en"))
        folder = self.random.choice(values().folders)
        return self.random.choice((stem, stem, tidy, file.stem + ending, f"{folder}_{tidy}")) + file.suffix

    def missing(self, path: str) -> bool:
        return not self.view.has(path)

    def line(self) -> str:
        """Something to write, on one line."""
        if self.random.random() < 0.55:
            return self.random.choice(values().texts.lines)
        return self.sentence(self.random.choice(("task", "status", "question", "decision", "diary", "problem")))

    def block(self) -> str:
        """Something to write, on several lines."""
        if self.random.random() < 0.6:
            return self.random.choice(values().texts.blocks)
        return "\n".join(self.line() for _ in range(self.random.randint(2, 4)))

    def stem(self) -> str:
        """A name for a file, without an extension."""
        return file_name(self.random).partition(".")[0] or "notes"

    def title(self) -> str:
        return self.random.choice(values().texts.titles)

    def items(self) -> tuple[str, ...]:
        """What stands in one list, in any order."""
        group = self.random.choice(list(values().texts.items.values()))
        return tuple(self.sample(group, 2, 5))

    def settings(self) -> dict[str, str]:
        """Keys of a configuration and their values."""
        known = values().texts.settings
        return {key: self.pick(known[key]) for key in self.sample(list(known), 2, 4)}

    def number(self, file: File | None = None, most: int = 60) -> int:
        """How many lines somebody wants: round numbers more often, of `file` rarely more than it has."""
        ceiling = most if file is None or self.random.random() < _EXTRA_LINES else max(1, min(len(file.lines), most))
        fitting = [n for n in (2, 3, 5, 10, 10, 15, 20, 25, 30, 40, 50, 100) if n <= ceiling]
        if fitting and self.random.random() < 0.55:
            return self.random.choice(fitting)
        return self.random.randint(1 if ceiling < 2 else 2, max(ceiling, 2))

    # How it is said

    def said(self, path: str, *, plainly: bool = False) -> Said:
        return mentions.file_mention(self.random, path, self.root, plainly=plainly)

    def said_folder(self, path: str) -> Said:
        return mentions.folder_mention(self.random, path, self.root)

    def said_place(self, path: str) -> Said:
        """For the slot `place` with words around it, for `dir` without."""
        if "dir" in self.slots:
            return self.said_folder(path)
        return mentions.place_mention(self.random, path, self.root)

    def said_files(self, paths: Sequence[str]) -> tuple[list[str], str]:
        """Several paths as arguments, and in words."""
        said = [self.said(path, plainly=len(paths) > 2) for path in paths]
        return [one.path for one in said], saying.series(self.random, [one.text for one in said])

    def said_number(self, number: int) -> str:
        return saying.number_mention(self.random, number)

    def quoted(self, text: str) -> str:
        return saying.quoted(self.random, text)

    def enclosed(self, text: str) -> str:
        return saying.enclosed(self.random, text)

    def kind(self, extension: str) -> str:
        """Words for files with this extension."""
        called = [kind for kind, ending in values().kinds.items() if ending == extension]
        return self.random.choice([*called, *called, f"{extension} files", f"*{extension} files"])

    def series(self, parts: Sequence[str]) -> str:
        return saying.series(self.random, parts)

    def absolute(self, path: str) -> str:
        """As the server writes paths that it found."""
        return self.root if path == HERE else f"{self.root}/{path}"
