"""Workspaces for the offline teacher: generated from a seed, with more names and kinds of files put among them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from random import Random
from tempfile import TemporaryDirectory

from evaluation.workspaces import File, Shape, Size, Spec, Workspace, build
from evaluation.workspaces.world import ascii_only
from evaluation.workspaces.writer import Writer
from toolsets import Toolset
from toolsets.launch import open_session
from toolsets.manifest import Manifest
from toolsets.sandbox import Backend
from training.offline.acting import Room
from training.offline.filesystem.disguise import Disguise
from training.offline.filesystem.values import file_name, folder_path, values
from training.offline.filesystem.view import View, look
from training.offline.saying import weighted

_SHAPES: tuple[Shape, ...] = ("home", "office", "code", "logs", "album", "study")
_SIZES: tuple[tuple[Size, int], ...] = (("small", 75), ("medium", 25))
_PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")


class Ground:
    """One workspace on disk while a server works on it."""

    def __init__(self, spec: Spec, workspace: Workspace, root: Path, random: Random) -> None:
        self.spec = spec
        self._root = root
        self._writer = Writer.about(random, workspace.world)
        user = ascii_only(workspace.world.owner.first).lower()
        now = datetime.combine(workspace.world.today, time(8), UTC) + timedelta(seconds=random.randrange(36_000))
        self.disguise = Disguise(root, random.choice(values().roots).format(user=user), now)

    @property
    def root(self) -> str:
        """Where the workspace seems to be."""
        return self.disguise.shown

    @property
    def person(self) -> str:
        return self._writer.person().first

    def sentence(self, kind: str) -> str:
        return self._writer.sentence(kind)

    def look(self) -> View:
        return look(self._root)


@asynccontextmanager
async def open_ground(
    toolset: Toolset, manifest: Manifest, backend: Backend, seed: str, environ: Mapping[str, str]
) -> AsyncIterator[tuple[Ground, Room]]:
    """A workspace that follows from the seed, and a server that works on it. Raises ToolsetError."""
    random = Random(seed)
    spec = Spec(random.choice(_SHAPES), weighted(random, _SIZES), random.randrange(1 << 30))
    workspace = _varied(build(spec), random)
    with TemporaryDirectory(prefix="dualtune-") as folder:
        root = (Path(folder) / "workspace").resolve()
        workspace.write(root)
        ground = Ground(spec, workspace, root, random)
        async with open_session(manifest, backend, root=root, environ=environ) as session:
            yield ground, Room(toolset, session, ground.disguise.sent, ground.disguise.seen)


def _varied(workspace: Workspace, random: Random) -> Workspace:
    """The workspace with files under hand-written names: copies of its texts, pictures, sounds and archives."""
    texts = [file for file in workspace.files if _is_text(file)]
    folders = sorted({file.path.parent for file in workspace.files})
    files = {file.path: file for file in workspace.files}
    for _ in range(random.randint(6, 14)):
        path = PurePosixPath(_somewhere(random, folders), file_name(random))
        alike = [file for file in texts if file.path.suffix == path.suffix] or texts
        source = random.choice([file for file in alike if len(file.content) < 4000] or alike)
        files.setdefault(path, replace(source, path=path, mode=0o755 if path.suffix == ".sh" else 0o644))
    for names, content in ((values().media, _PNG), (values().media, b"ID3\x04"), (values().blobs, b"\0\1")):
        for _ in range(random.randint(0, 2)):
            path = PurePosixPath(_somewhere(random, folders), random.choice(names).draw(random))
            noise = content + random.randbytes(random.randint(200, 9000))
            files.setdefault(path, File(path, noise, random.choice(workspace.files).modified))
    whole = tuple(files[path] for path in sorted(files) if not _hidden_by(path, files))
    return replace(workspace, files=whole, empty_folders=tuple(f for f in workspace.empty_folders if f not in files))


def _somewhere(random: Random, folders: list[PurePosixPath]) -> PurePosixPath:
    """A folder that is there, the top, or a new one."""
    match random.choices(("there", "top", "new"), (5, 2, 3))[0]:
        case "there":
            return random.choice(folders)
        case "top":
            return PurePosixPath()
        case _:
            return PurePosixPath(folder_path(random))


def _hidden_by(path: PurePosixPath, files: Mapping[PurePosixPath, File]) -> bool:
    """Whether a file has the name of one of the folders above this one."""
    return any(parent in files for parent in path.parents)


def _is_text(file: File) -> bool:
    return bool(file.content) and b"\0" not in file.content and file.path.suffix not in (".jpg", ".JPG", ".pdf", ".mp3")
