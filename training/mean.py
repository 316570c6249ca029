"""The mean of adapters: one that adds to each layer what several add to it on average.

Adapters that were trained on from the same one, each on other data, are often better together than each alone, and cost
no more to serve (Wortsman et al., "Model soups", 2022, on whole models).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from adapters import AdapterError, Manifest, read_manifest, write_manifest
from adapters.check import WEIGHTS
from adapters.manifest import MANIFEST
from adapters.peft_config import CONFIG, PeftConfig, read_config
from training.errors import TrainingError

if TYPE_CHECKING:
    from peft import LoraConfig

BELOW, ABOVE = ".lora_A.", ".lora_B."
"""In the names of an adapter's two matrices, [rank, in] and [out, rank]."""

_SAME = ("role", "toolset", "tool", "base_model", "prompt_format", "tools_digest", "toolsets")
"""Members of the manifests that must be alike."""

Weights = Mapping[str, torch.Tensor]


def write_means(folders: Sequence[Path], out: Path) -> dict[str, Path]:
    """Write the mean of each adapter that several of `folders` have to a folder in `out`; gives these by name.

    Each folder is that of the adapters of a run, or of a base model in the store. Raises TrainingError where there are
    no such adapters, and for adapters of the same name that have not learnt the same tools for the same model.
    """
    places: dict[str, list[Path]] = {}
    for folder in folders:
        for manifest in sorted(folder.rglob(MANIFEST)):
            places.setdefault(manifest.parent.relative_to(folder).as_posix(), []).append(manifest.parent)
    several = {name: found for name, found in places.items() if len(found) > 1}
    if not several:
        raise TrainingError(
            f"no adapter lies in more than one of {', '.join(map(str, folders))}; name folders `adapters` of runs, or "
            "those of a base model in the store",
            "folders",
        )
    for name, found in several.items():
        try:
            _write_mean(found, out / name)
        except AdapterError as error:
            raise TrainingError(f"{name}: {error.message}", error.field) from error
    return {name: out / name for name in several}


def _write_mean(places: Sequence[Path], out: Path) -> None:
    """Of the rank and the scale of that of the highest rank among them."""
    manifests = [read_manifest(place) for place in places]
    _check_alike(MANIFEST, places, [manifest.model_dump() for manifest in manifests], _SAME)
    configs = [read_config(place) for place in places]
    _check_alike(CONFIG, places, [config.model_dump() for config in configs], ["alora_invocation_tokens"])
    widest = max(range(len(places)), key=lambda number: configs[number].r)
    found = [read_weights(place) for place in places]
    like = found[widest]
    for place, weights in zip(places, found, strict=True):
        check_layers(place, weights, like)
    joined = mean(found, [scale(config) for config in configs], like, scale(configs[widest]))
    out.mkdir(parents=True)
    shutil.copyfile(places[widest] / CONFIG, out / CONFIG)
    digest = write_weights(out, {name: weight.to(like[name].dtype) for name, weight in joined.items()})
    write_manifest(out, _manifest(manifests, digest))


def _check_alike(
    file: str, places: Sequence[Path], contents: Sequence[Mapping[str, Any]], members: Sequence[str]
) -> None:
    for place, other in zip(places, contents, strict=True):
        for member in members:
            if other[member] != contents[0][member]:
                raise TrainingError(
                    f"{place / file}: {member}: not as in {places[0]}; a mean is of adapters of one kind that have "
                    "learnt the same tools for the same model",
                    member,
                )


def _manifest(manifests: Sequence[Manifest], weights_digest: str) -> Manifest:
    """What is copied is so wherever it was learnt; nothing was measured yet."""
    data = sorted({manifest.data_digest for manifest in manifests})
    first = manifests[0]
    return first.model_copy(
        update={
            "copied": tuple(name for name in first.copied if all(name in other.copied for other in manifests)),
            "data_digest": hashlib.sha256("\n".join(data).encode()).hexdigest(),
            "weights_digest": weights_digest,
            "metrics": {},
            "created": datetime.now(UTC),
            "training": {"mean_of": {m.weights_digest: dict(m.training) for m in manifests}},
        }
    )


def mean(found: Sequence[Weights], scales: Sequence[float], like: Weights, own: float) -> dict[str, torch.Tensor]:
    """The weights of an adapter of the scale `own` that adds what `found` add on average, or what comes nearest to it.

    Its rank is that of `like`, whose rows are taken where the mean has a lower one.
    """
    factors = [each / own / len(found) for each in scales]
    weights = {}
    for below in (name for name in like if BELOW in name):
        above = below.replace(BELOW, ABOVE)
        stacked = torch.cat([each[below].float() for each in found])
        scaled = torch.cat([each[above].float() * factor for each, factor in zip(found, factors, strict=True)], 1)
        weights[below], weights[above] = _nearest(stacked, scaled, like[below])
    return weights


def _nearest(below: torch.Tensor, above: torch.Tensor, fresh: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The product above @ below as that of two matrices of the rank of `fresh`, a new `below`.

    Of a lower rank it is the nearest there is (Eckart and Young, 1936); of a higher one it is the same product, and
    what is more in `fresh` is kept, beside zeros above.
    """
    rank = fresh.shape[0]
    # The singular values of the small product of triangles are those of the large product.
    left, left_triangle = torch.linalg.qr(above)
    right, right_triangle = torch.linalg.qr(below.T)
    u, sizes, v = torch.linalg.svd(left_triangle @ right_triangle.T)
    kept = min(rank, len(sizes))
    roots = sizes[:kept].sqrt()
    lower, upper = fresh.float().clone(), above.new_zeros(above.shape[0], rank)
    lower[:kept] = roots[:, None] * (v[:kept] @ right.T)
    upper[:, :kept] = (left @ u[:, :kept]) * roots
    return lower, upper


def scale(config: PeftConfig | LoraConfig) -> float:
    """What an adapter's product of matrices is multiplied by."""
    return float(config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r))


def write_weights(folder: Path, weights: Weights) -> str:
    """Write the weights of an adapter; gives the SHA-256 of their file."""
    save_file({name: weight.contiguous() for name, weight in weights.items()}, folder / WEIGHTS, {"format": "pt"})
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of an adapter. Raises TrainingError where they cannot be read."""
    try:
        weights: dict[str, torch.Tensor] = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{folder / WEIGHTS} cannot be read: {error}", "start") from error
    return weights


def check_layers(folder: Path, weights: Weights, like: Weights) -> None:
    """Raises TrainingError where the weights from `folder` differ from `like` in more than the rank."""
    if _sizes(weights) != _sizes(like):
        raise TrainingError(
            f"{folder}: an adapter of other layers or for another model; take one that was trained with the same "
            "target_modules",
            "start",
        )


def _sizes(weights: Weights) -> dict[str, int]:
    """The size of each matrix that is not the rank."""
    return {name: weight.shape[1 if BELOW in name else 0] for name, weight in weights.items()}
