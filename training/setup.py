"""What the commands work on, from files and settings."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters import Adapter, AdapterError, BaseModelError, Role, Store, describe_base_model, read_manifest
from adapters.manifest import MANIFEST
from server.assembly import find_model, load_template, open_store
from server.prompt import PROMPT_FORMAT
from server.settings import Settings
from toolsets import Registry, Toolset
from training.errors import TrainingError
from training.examples import Target, decoupled
from training.job import Base
from training.product import tools_digest
from training.trajectory import Demonstration, read_demonstrations


@dataclass(frozen=True)
class Trajectories:
    """The demonstrations of some files, and the toolsets that they are about.

    `digests` has the SHA-256 of each file by its name.
    """

    demonstrations: tuple[Demonstration, ...]
    digests: Mapping[str, str]
    toolsets: Mapping[str, Toolset]


def read_trajectories(files: Iterable[Path], settings: Settings) -> Trajectories:
    """Raises TrainingError when a file, or a toolset that it is about, is missing or not as it must be."""
    found: list[Demonstration] = []
    digests: dict[str, str] = {}
    for file in files:
        found += read_demonstrations(file)
        if file.name in digests:
            raise TrainingError(f"two files of trajectories are named {file.name}; rename one", "trajectories")
        digests[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    if not found:
        raise TrainingError(f"there is no trajectory in {', '.join(digests)}", "trajectories")
    if len({demonstration.id for demonstration in found}) < len(found):
        raise TrainingError("the files of trajectories have ids in common; ids must be unique", "id")
    registry = Registry.load(*settings.toolsets)
    names = sorted({name for demonstration in found for name in demonstration.toolsets})
    for name in names:
        if name not in registry.toolsets:
            known = ", ".join(sorted(registry.toolsets)) or "none"
            raise TrainingError(f"the trajectories use the toolset {name!r}; there are: {known}", "toolsets")
    return Trajectories(tuple(found), digests, {name: registry.toolsets[name] for name in names})


def load_base(settings: Settings) -> Base:
    """The base model's description and chat template; fetched or prepared first where it must be."""
    name, folder = find_model(settings)
    try:
        return Base(describe_base_model(folder, name=name), folder, load_template(folder))
    except BaseModelError as error:
        raise TrainingError(f"--model {name}: {error}", "model") from error


def select_targets(toolsets: Mapping[str, Toolset], names: Collection[str]) -> list[Target]:
    """The adapters that `names` name, wholly or by the last parts; without any, those of decoupled fine-tuning.

    Raises TrainingError for a name that is nobody's.
    """
    usual = [target for toolset in toolsets.values() for target in decoupled(toolset)]
    if not names:
        return usual
    known = [*usual, *(Target(Role.TRADITIONAL, name) for name in toolsets), Target(Role.ROUTER)]
    chosen: dict[Target, None] = {}
    for name in names:
        matching = [target for target in known if f"/{target.name}".endswith(f"/{name}")]
        if not matching:
            raise TrainingError(
                f"--adapter {name}: there is no such adapter; there are: {', '.join(t.name for t in known)}", "adapter"
            )
        chosen |= dict.fromkeys(matching)
    return list(chosen)


def starts(targets: Sequence[Target], folder: Path, base: Base, *, share: bool = False) -> dict[str, Path]:
    """The folders of those targets that have an adapter below `folder`, by name, to be trained further.

    With `share`, all argument adapters below it come too, if those of a toolset are trained that has none there.
    Raises TrainingError where there are none, and for an adapter of another base model or prompt format.
    """
    found = {target.name: folder / target.name for target in targets if (folder / target.name / MANIFEST).exists()}
    arguments = [target for target in targets if target.role is Role.ARGUMENTS]
    known = {target.toolset for target in arguments if target.name in found}
    if share and any(target.toolset not in known for target in arguments):
        places = [manifest.parent for manifest in sorted(folder.glob(f"*/{Role.ARGUMENTS.value}/*/{MANIFEST}"))]
        found |= {place.relative_to(folder).as_posix(): place for place in places}
    if not found:
        raise TrainingError(
            f"--start {folder}: it has none of the adapters {', '.join(target.name for target in targets)}; name the "
            "folder `adapters` of a run, or a base model's folder in the store",
            "start",
        )
    for place in found.values():
        try:
            manifest = read_manifest(place)
        except AdapterError as error:
            raise TrainingError(f"--start {place}: {error}", "start") from None
        if manifest.base_model.digest != base.model.digest or manifest.prompt_format != PROMPT_FORMAT:
            raise TrainingError(
                f"--start {place}: trained on {manifest.base_model.name} ({manifest.base_model.digest[:12]}) with "
                f"prompt format {manifest.prompt_format}, and not on {base.model.name} ({base.model.digest[:12]}) with "
                f"{PROMPT_FORMAT}; train without a start",
                "start",
            )
    return found


def missing(targets: Sequence[Target], toolsets: Mapping[str, Toolset], base: Base, settings: Settings) -> list[Target]:
    """Those of `targets` that the store lacks, or has for tools that have changed since."""
    store: Store = open_store(settings, base.model.name, base.folder)
    for adapter in store.available.values():
        store.add(adapter)

    def found(target: Target) -> Adapter | None:
        # What tells of results needs to know no schema.
        digest = None if target.role is Role.SUMMARY else tools_digest(target, toolsets)
        return store.find(target.role, target.toolset, target.tool, digest)

    return [target for target in targets if found(target) is None]
