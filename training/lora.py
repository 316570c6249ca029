"""The model that is trained: a frozen base with one adapter, and the adapter's files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from adapters.check import WEIGHTS
from training import attention
from training.errors import TrainingError
from training.linear import FusedLinear
from training.settings import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedModel

_BELOW, _ABOVE = ".lora_A.", ".lora_B."
"""In the names of an adapter's two matrices, [rank, in] and [out, rank]."""


def load_base(folder: str, settings: Hyperparameters, device: torch.device) -> PreTrainedModel:
    """The base model in the precision of `settings`. Raises TrainingError where it cannot be loaded or trained."""
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    attention.register()
    disable_progress_bar()
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, settings.precision),
            attn_implementation=attention.NAME,
            trust_remote_code=False,
            use_safetensors=True,
        )
    except (OSError, ValueError, ImportError) as error:
        raise TrainingError(f"the model in {folder} cannot be loaded: {str(error).splitlines()[0]}", "model") from error
    model.to(device)
    model.requires_grad_(False)
    return model


def add_adapter(base: PreTrainedModel, settings: Hyperparameters) -> PeftModel:
    """A fresh adapter on the base model; its weights depend on the seed alone.

    It is an ordinary LoRA also where an activated one is trained: all tokens that it sees then are active.
    """
    torch.manual_seed(settings.seed)
    all_linear = settings.target_modules == ("all-linear",)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        use_rslora=settings.rslora,
        target_modules="all-linear" if all_linear else list(settings.target_modules),
        task_type="CAUSAL_LM",
    )
    config._register_custom_module({torch.nn.Linear: FusedLinear})
    try:
        model = get_peft_model(base, config)
    except ValueError as error:
        raise TrainingError(f"target_modules: {error}", "target_modules") from error
    config._custom_modules = None  # It is no part of what is written to the adapter's files.
    return model


def load_adapter(model: PeftModel, *folders: Path) -> None:
    """Give the model's adapter the weights that `save_adapter` wrote to a folder, or what comes nearest to the mean.

    The mean is that of what the adapters of all these folders add to a layer. Ranks and scales may be any. Raises
    TrainingError where they are of other layers or models.
    """
    fresh = get_peft_model_state_dict(model)
    found = [_read(folder, fresh) for folder in folders]
    own = _scale(model.peft_config["default"])
    factors = [_scale(PeftConfig.from_pretrained(str(folder))) / own / len(folders) for folder in folders]
    weights = found[0]
    if factors != [1] or any(weights[name].shape != fresh[name].shape for name in fresh):
        weights = {}
        for below in (name for name in fresh if _BELOW in name):
            above = below.replace(_BELOW, _ABOVE)
            stacked = torch.cat([each[below].float() for each in found])
            scaled = torch.cat([each[above].float() * factor for each, factor in zip(found, factors, strict=True)], 1)
            weights[below], weights[above] = _nearest(stacked, scaled, fresh[below])
    set_peft_model_state_dict(model, weights)


def _scale(config: PeftConfig) -> float:
    """What an adapter's product of matrices is multiplied by."""
    return float(config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r))


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


def _read(folder: Path, expected: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Raises TrainingError for an adapter of other layers, or whose sizes differ in more than the rank."""
    try:
        weights: dict[str, torch.Tensor] = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{folder / WEIGHTS} cannot be read: {error}", "start") from error
    if _sizes(weights) != _sizes(expected):
        raise TrainingError(
            f"{folder}: an adapter of other layers or for another model; train with the same target_modules, or "
            "without a start",
            "start",
        )
    return weights


def _sizes(weights: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """The size of each matrix that is not the rank."""
    return {name: weight.shape[1 if _BELOW in name else 0] for name, weight in weights.items()}


def save_adapter(model: PeftModel, folder: Path, *, base: str, invocation: Sequence[int] | None) -> str:
    """Write `adapter_config.json` and the weights, in the base model's precision; gives their SHA-256.

    With `invocation` it becomes an activated adapter of these tokens. `base` is the name of the base model.
    """
    weights = {
        name: tensor.to(model.dtype).contiguous().cpu() for name, tensor in get_peft_model_state_dict(model).items()
    }
    config = model.peft_config["default"]
    config.base_model_name_or_path = base
    config.inference_mode = True
    config.alora_invocation_tokens = list(invocation) if invocation is not None else None
    config.target_modules = sorted(config.target_modules)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
