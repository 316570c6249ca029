"""A checked adapter, as the engine receives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from adapters.manifest import Manifest


class Kind(StrEnum):
    """Where in the prompt the weights apply."""

    LORA = "lora"
    """Everywhere."""
    ALORA = "alora"
    """Activated LoRA: from the invocation tokens on (arXiv 2504.12397)."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter whose files `check_adapter` found whole and fit for the base model that is served."""

    name: str
    """As `Manifest.name`: `router`, `filesystem/selector`, `filesystem/arguments/read_file`."""
    path: Path
    """The folder, absolute, that holds `adapter_config.json` and `adapter_model.safetensors`."""
    manifest: Manifest = field(hash=False)
    kind: Kind
    rank: int
    """The largest rank of any module."""
    invocation_tokens: tuple[int, ...]
    """Empty for an ordinary LoRA."""
    version: str
    """The digest of the weights: two loads of one name with other weights differ here."""
