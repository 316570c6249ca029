"""What a hook into vLLM is, and whether the vLLM that is installed is the one the hooks were written for.

A hook changes or relies on certain functions of vLLM. Their sources are known by digest, so a hook never meets code
that nobody read. The check reads vLLM's files; it imports neither vLLM nor torch.
"""

import hashlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

VLLM_VERSIONS = ("0.32.0",)
"""The versions of vLLM whose sources were read and whose behaviour the tests compare with PEFT's."""

REMEDY = "install the version that requirements/ pins, or use ordinary LoRA adapters on an unchanged vLLM"


@dataclass(frozen=True)
class Hook:
    """One change to vLLM.

    `install` gets the module named `module` right after its import, in every process that imports it.
    `sources` maps "module:qualified.name" to the digest of the source of each function the hook changes or relies on.
    """

    module: str
    install: Callable[[ModuleType], None]
    sources: Mapping[str, str]


def misfit(hooks: Iterable[Hook]) -> str | None:
    """Why the hooks do not fit the vLLM that is installed, in one line with the remedy; None if they do."""
    root = _vllm_folder()
    if root is None:
        return "vLLM is not installed: run the installation in README.md"
    version = _version(root)
    if version not in VLLM_VERSIONS:
        fitting = " or ".join(VLLM_VERSIONS)
        return f"activated adapters fit vLLM {fitting}, found {version or 'an unknown version'}: {REMEDY}"
    for hook in hooks:
        for place, expected in hook.sources.items():
            found = source_digest(root, place)
            if found != expected:
                was = f"has digest {found}" if found else "does not exist"
                return f"vLLM {version} is not the code the hooks fit: {place} {was}, expected {expected}: {REMEDY}"
    return None


def source_digest(root: Path, place: str) -> str | None:
    """The first 16 hex digits of the SHA-256 of a function's source text; None if there is no such function.

    `root` is the folder of the package, `place` reads "package.module:function" or "package.module:Class.method".
    """
    module, _, name = place.partition(":")
    path = root.joinpath(*module.split(".")[1:]).with_suffix(".py")
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = 0
    *classes, function = name.split(".")
    for depth, line in enumerate([*(rf"class {c}\b" for c in classes), rf"def {function}\("]):
        pattern = re.compile(r"    " * depth + line)
        start = next((i for i in range(start, len(lines)) if pattern.match(lines[i])), len(lines))
    if start == len(lines):
        return None
    return hashlib.sha256("".join(inspect.getblock(lines[start:])).encode()).hexdigest()[:16]


def _vllm_folder() -> Path | None:
    spec = importlib.util.find_spec("vllm")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version(root: Path) -> str | None:
    path = root / "_version.py"
    found = re.search(r"^__version__ = .*'(.+)'$", path.read_text(), re.MULTILINE) if path.is_file() else None
    return found[1] if found else None
