"""The base model as adapters see it: which weights it has, and the shapes of its layers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.digests import Progress, file_digests
from adapters.errors import BaseModelError, shown
from adapters.tensors import read_headers

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """What tells one base model from another.

    `shapes` has (out, in) for every module with a matrix of floating-point numbers as its weight. `digest` is that of
    what `sha256sum config.json *.safetensors` prints for the files of the checkpoint, in the order of their names.
    """

    name: str
    digest: str
    shapes: Mapping[str, tuple[int, int]] = field(hash=False)


def describe_base_model(path_or_hub_id: str, *, name: str | None = None, progress: Progress | None = None) -> BaseModel:
    """Describe a checkpoint in a local folder, or one of the Hugging Face hub that is in the local cache.

    No weights are loaded and nothing is downloaded. The first call for a model reads its files whole, to digest them;
    `progress` hears of that. `name` is needed where a folder is not called as the model is. Raises BaseModelError.
    """
    folder, found_name = _locate(path_or_hub_id)
    try:
        weights = _weight_files(folder)
        digests = file_digests([folder / CONFIG, *weights], progress)
        shapes = _shapes(weights)
    except OSError as error:
        raise BaseModelError(f"the model in {folder} cannot be read: {error}; download it again") from None
    lines = sorted((file.name, digest) for file, digest in digests.items())
    listing = "".join(f"{digest}  {file}\n" for file, digest in lines)
    return BaseModel(name or found_name, hashlib.sha256(listing.encode()).hexdigest(), shapes)


def folder_name(model: str) -> str:
    """The folder of a base model in the store: the last part of its name, whoever publishes it."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", model.rstrip("/").rsplit("/", 1)[-1]).lstrip(".") or "model"


def _locate(path_or_hub_id: str) -> tuple[Path, str]:
    """The folder of the checkpoint, and the model's name."""
    folder = Path(path_or_hub_id)
    if folder.is_dir():
        return folder, _name_of(folder.resolve())
    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", path_or_hub_id):
        raise BaseModelError(f"{path_or_hub_id} is neither a folder nor the id of a model on the hub")
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(path_or_hub_id, CONFIG)
    except HFValidationError:
        raise BaseModelError(f"{path_or_hub_id} is neither a folder nor the id of a model on the hub") from None
    if not isinstance(config, str):
        raise BaseModelError(
            f"{path_or_hub_id} is neither a folder nor in the Hugging Face cache; run: hf download {path_or_hub_id}"
        )
    return Path(config).parent, path_or_hub_id


def _name_of(folder: Path) -> str:
    # A snapshot in the hub's cache is named by its commit: models--ORG--NAME/snapshots/COMMIT.
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/")
    return folder.name


def _weight_files(folder: Path) -> list[Path]:
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        raise BaseModelError(f"{folder} has no {WEIGHTS} and no {INDEX}; give a checkpoint in safetensors format")
    try:
        weight_map = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"]
        names = sorted(set(weight_map.values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BaseModelError(f"{folder / INDEX} is not the index of a checkpoint; download it again") from None
    for name in names:
        if not isinstance(name, str) or Path(name).name != name:
            raise BaseModelError(f"{folder / INDEX} names {shown(str(name))}, which is not a file beside it")
    return [folder / name for name in names]


def _shapes(weights: Iterable[Path]) -> dict[str, tuple[int, int]]:
    from safetensors import SafetensorError

    shapes: dict[str, tuple[int, int]] = {}
    for file in weights:
        try:
            headers = read_headers(file)
        except SafetensorError as error:
            raise BaseModelError(f"{file} is not a whole safetensors file ({error}); download it again") from None
        for name, tensor in headers.items():
            match name.rsplit(".", 1), tensor.shape:
                case [module, "weight"], (rows, columns) if "F" in tensor.dtype:
                    shapes[module] = (rows, columns)
    return shapes
