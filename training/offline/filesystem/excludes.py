"""What a search or a tree is to leave out: as the user says it, and as the patterns that the server understands.

A tree takes a bare name for a file or folder at any depth. A search matches patterns against whole paths only, so a
folder is left out by `**/name/**`. An extension is `**/*.ext` for both.
"""

from __future__ import annotations

from posixpath import basename

from training.offline.filesystem.scene import Scene

_USUAL = ("node_modules", ".git", "__pycache__", "build", "dist", ".venv", "venv", "target", "vendor", ".cache", "tmp")
_TWO = 0.25
_USUALLY = 0.3


def tree_exclusion(s: Scene, place: str) -> tuple[list[str], str]:
    """Patterns for `directory_tree`, and the words for them."""
    return _some(s, place, "{}")


def search_exclusion(s: Scene, place: str) -> tuple[list[str], str]:
    """Patterns for `search_files`: folders only, since the extension is what is looked for."""
    return _some(s, place, "**/{}/**", folders_only=True)


def _some(s: Scene, place: str, folder_pattern: str, *, folders_only: bool = False) -> tuple[list[str], str]:
    number = 2 if s.random.random() < _TWO else 1
    chosen: dict[str, str] = {}
    for _ in range(number):
        pattern, words = _one(s, place, folder_pattern, folders_only)
        chosen[pattern] = words
    return list(chosen), s.series(list(chosen.values()))


def _one(s: Scene, place: str, folder_pattern: str, folders_only: bool) -> tuple[str, str]:
    below = [path for path in s.view.folders if path in s.view.below(place)]
    suffixes = sorted({file.suffix for file in s.view.files if file.suffix and file.path in s.view.below(place)})
    if not folders_only and suffixes and s.random.random() < 0.4:
        suffix = s.random.choice(suffixes)
        words = s.random.choice((f"{suffix} files", f"all {suffix} files", f"*{suffix}", f"files ending in {suffix}"))
        return f"**/*{suffix}", words
    usual = s.random.random() < _USUALLY or not below
    name = s.random.choice(_USUAL) if usual else basename(s.random.choice(below))
    quoted = s.quoted(name)
    words = s.random.choice((quoted, quoted, f"the {quoted} folder", f"the folder {quoted}", f"the {quoted} directory"))
    return folder_pattern.format(name), words
