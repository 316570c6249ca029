"""Repositories from a seed: a history of a few weeks with branches, and somebody who goes on working."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from random import Random

from evaluation.workspaces import File, Spec, World, build
from evaluation.workspaces.world import Person, ascii_only
from evaluation.workspaces.writer import Writer
from training.offline.git.values import values
from training.offline.git.view import View, git, look

_LARGEST = 1200
"""Bytes of a file: whole files come in answers."""
_FILES = 12
_COMMENTS = {".py": "# {}", ".sh": "# {}", ".yaml": "# {}", ".ini": "; {}", ".js": "// {}", ".sql": "-- {}"}
_PROSE = frozenset({".md", ".txt"})

Texts = dict[str, str]
"""Files by path."""


class Repository:
    """A repository on disk, while a server works on it. What its user does to it follows from `random`."""

    def __init__(self, root: Path, random: Random) -> None:
        spec = Spec("code", "small", random.randrange(1 << 30))
        workspace = build(spec)
        self.root = root
        self.world: World = workspace.world
        self._random = random
        self._writer = Writer.about(random, self.world)
        texts = {str(file.path): file.content.decode() for file in workspace.files if _is_fit(file)}
        paths = sorted(random.sample(sorted(texts), min(_FILES + 4, len(texts))))
        tracked = paths[:_FILES]
        self._later = {path: texts[path] for path in paths[_FILES:]}
        self.now = datetime.combine(self.world.today, time(9), UTC) + timedelta(seconds=random.randrange(28_000))
        root.mkdir(parents=True)
        git(root, "init", "--quiet", f"--initial-branch={random.choice(('main', 'main', 'main', 'master'))}")
        git(root, "config", "user.name", self.world.owner.name)
        git(root, "config", "user.email", self.mail(self.world.owner))
        git(root, "config", "gc.auto", "0")
        history = History(random, self, {path: texts[path] for path in tracked})
        git(root, "fast-import", "--quiet", stdin=history.stream())
        git(root, "reset", "--quiet", "--hard")

    def mail(self, person: Person) -> str:
        return f"{person.handle.replace(' ', '')}@{self.world.host}"

    def look(self) -> View:
        return look(self.root)

    def work(self) -> None:
        """Go on working where hardly any changes are left: edit some files, begin a new one, stage some of it."""
        view = self.look()
        while len(view.modified) < 2 or not view.untracked:
            for path in self._random.sample(view.files, min(len(view.files), self._random.randint(2, 3))):
                self._write(path, self.edited(path, (self.root / path).read_text(encoding="utf-8")))
            self._write(*self._new_file(view))
            view = self.look()
        if not view.staged and self._random.random() < 0.6:
            chosen = self._random.sample(view.changed, self._random.randint(1, min(2, len(view.changed) - 1)))
            git(self.root, "add", "--", *chosen)

    def edited(self, path: str, text: str) -> str:
        """The text of a file with a line more, less or other than before."""
        lines = text.splitlines()
        at = self._random.randrange(len(lines) + 1)
        words = self._writer.sentence(self._random.choice(("task", "status", "decision", "question")))
        line = _COMMENTS.get(PurePosixPath(path).suffix, "{}").format(words)
        match self._random.choice(("more", "more", "other", "less")):
            case "less" if len(lines) > 5:
                del lines[at - 1]
            case "other" if lines:
                lines[at - 1] = line
            case _:
                lines.insert(at, line)
        return "\n".join([*lines, ""])

    def _new_file(self, view: View) -> tuple[str, str]:
        free = sorted(path for path in self._later if not (self.root / path).exists())
        if free:
            return free[0], self._later[free[0]]
        names = [name for name in values().new_files if not (self.root / name).exists()]
        path = self._random.choice(names or [f"notes-{self._random.randrange(10_000)}.txt"])
        return path, f"{self._writer.sentence('task')}\n{self._writer.sentence('question')}\n"

    def _write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")


class History:
    """Commits on a main branch and on a few others, as a stream for `git fast-import`."""

    def __init__(self, random: Random, repository: Repository, texts: Texts) -> None:
        self._random = random
        self._repository = repository
        self._start = texts
        self._moment = repository.now - timedelta(days=random.randint(25, 60))
        self._marks = 0
        self._lines: list[bytes] = []

    def stream(self) -> bytes:
        random, main = self._random, git(self._repository.root, "branch", "--show-current").strip()
        paths = list(self._start)
        random.shuffle(paths)
        first = paths[: len(paths) // 2]
        texts = {path: self._start[path] for path in first}
        tip = self._commit(main, None, texts, random.choice(values().first_messages))
        waiting = paths[len(first) :]
        tips = [(tip, dict(texts))]
        for _ in range(random.randint(6, 9)):
            tip = self._change(main, tip, texts, waiting)
            tips.append((tip, dict(texts)))
        self._reset("refs/tags/v0.1.0", tips[2][0])
        if random.random() < 0.6:
            self._reset("refs/tags/v0.2.0", tips[-2][0])
        self._reset(f"refs/remotes/origin/{main}", tips[-2][0])
        for number, branch in enumerate(random.sample(values().branches, random.randint(2, 4))):
            tip, texts = random.choice(tips[-4:])
            texts = dict(texts)
            for _ in range(random.randint(0 if number else 1, 2)):
                tip = self._change(branch, tip, texts, [])
            self._reset(f"refs/heads/{branch}", tip)
            if random.random() < 0.6:
                self._reset(f"refs/remotes/origin/{branch}", tip)
        return b"".join([*self._lines, b"done\n"])

    def _change(self, branch: str, parent: int, texts: Texts, waiting: list[str]) -> int:
        """A commit that adds a file or edits one or two."""
        random = self._random
        if waiting and random.random() < 0.6:
            path = waiting.pop()
            texts[path] = self._start[path]
            return self._commit(branch, parent, {path: texts[path]}, self._message(values().adding, path))
        changed = random.sample(sorted(texts), random.choice((1, 1, 2)))
        for path in changed:
            texts[path] = self._repository.edited(path, texts[path])
        return self._commit(
            branch, parent, {p: texts[p] for p in changed}, self._message(values().changing, changed[0])
        )

    def _message(self, templates: tuple[str, ...], path: str) -> str:
        name = PurePosixPath(path)
        return self._random.choice(templates).format(name=name.name, stem=name.stem.replace("_", " ").strip("."))

    def _commit(self, branch: str, parent: int | None, changes: Texts, message: str) -> int:
        self._marks += 1
        self._moment += timedelta(minutes=self._random.randint(40, 3000))
        self._moment = min(self._moment, self._repository.now - timedelta(minutes=30))
        world = self._repository.world
        author = self._random.choice((world.owner, *world.people[:4]))
        stamp = f"{ascii_only(author.name)} <{self._repository.mail(author)}> {int(self._moment.timestamp())} +0000"
        self._say(f"commit refs/heads/{branch}\nmark :{self._marks}\nauthor {stamp}\ncommitter {stamp}\n")
        self._data(message)
        if parent is not None:
            self._say(f"from :{parent}\n")
        for path, text in changes.items():
            self._say(f"M 100644 inline {path}\n")
            self._data(text)
        return self._marks

    def _reset(self, ref: str, tip: int) -> None:
        self._say(f"reset {ref}\nfrom :{tip}\n\n")

    def _data(self, text: str) -> None:
        content = text.encode()
        self._lines.append(b"data %d\n%s\n" % (len(content), content))

    def _say(self, text: str) -> None:
        self._lines.append(text.encode())


def _is_fit(file: File) -> bool:
    return (
        60 < len(file.content) <= _LARGEST and b"\0" not in file.content and file.path.suffix in (*_COMMENTS, *_PROSE)
    )
