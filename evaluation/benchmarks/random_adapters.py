"""Adapters of random weights, to measure speed with: their cost does not depend on what they have learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from adapters import Adapter, BaseModel, BaseModelId, Kind, Manifest, Role
from server.prompt import PROMPT_FORMAT


def write_adapters(
    root: Path, base: BaseModel, count: int, *, rank: int, invocation: Sequence[int] = ()
) -> Iterator[Adapter]:
    """`count` adapters on every linear layer of the decoder; activated ones where `invocation` is given."""
    from peft import LoraConfig

    targets = sorted({module.rsplit(".", 1)[-1] for module in _linear_layers(base)})
    for number in range(count):
        folder = root / f"{'alora' if invocation else 'lora'}-{number}"
        folder.mkdir(parents=True)
        LoraConfig(
            r=rank,
            lora_alpha=rank,
            target_modules=targets,
            task_type="CAUSAL_LM",
            alora_invocation_tokens=list(invocation) or None,
            inference_mode=True,
        ).save_pretrained(str(folder))
        save_file(_weights(base, rank, number), folder / "adapter_model.safetensors")
        manifest = Manifest(
            role=Role.ARGUMENTS,
            toolset="benchmark",
            tool=f"{folder.name}",
            base_model=BaseModelId(name=base.name, digest=base.digest),
            prompt_format=PROMPT_FORMAT,
            tools_digest="none",
            data_digest="none",
            weights_digest="none",
            created=datetime.now(UTC),
        )
        kind = Kind.ALORA if invocation else Kind.LORA
        yield Adapter(manifest.name, folder, manifest, kind, rank, tuple(invocation), str(number))


def _linear_layers(base: BaseModel) -> list[str]:
    return [module for module in base.shapes if ".layers." in module]


def _weights(base: BaseModel, rank: int, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    weights = {}
    for module in _linear_layers(base):
        rows, columns = base.shapes[module]
        prefix = f"base_model.model.{module}"
        weights[f"{prefix}.lora_A.weight"] = random.normal(0, columns**-0.5, (rank, columns)).astype(np.float32)
        weights[f"{prefix}.lora_B.weight"] = random.normal(0, 1e-3, (rows, rank)).astype(np.float32)
    return weights
