"""The model that is trained: a frozen base with one adapter, and the adapter's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict

from adapters.peft_config import read_config
from training import attention
from training.errors import TrainingError
from training.linear import FusedLinear
from training.mean import check_layers, mean, read_weights, scale, write_weights
from training.settings import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel


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
    weights, *others = found = [read_weights(folder) for folder in folders]
    for folder, each in zip(folders, found, strict=True):
        check_layers(folder, each, fresh)
    own = scale(model.peft_config["default"])
    scales = [scale(read_config(folder)) for folder in folders]
    if others or scales != [own] or any(weights[name].shape != fresh[name].shape for name in fresh):
        weights = mean(found, scales, fresh, own)
    set_peft_model_state_dict(model, weights)


def save_adapter(model: PeftModel, folder: Path, *, base: str, invocation: Sequence[int] | None) -> str:
    """Write `adapter_config.json` and the weights, in the base model's precision; gives their SHA-256.

    With `invocation` it becomes an activated adapter of these tokens. `base` is the name of the base model.
    """
    weights = {name: tensor.to(model.dtype).cpu() for name, tensor in get_peft_model_state_dict(model).items()}
    config = model.peft_config["default"]
    config.base_model_name_or_path = base
    config.inference_mode = True
    config.alora_invocation_tokens = list(invocation) if invocation is not None else None
    config.target_modules = sorted(config.target_modules)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    return write_weights(folder, weights)
