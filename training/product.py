"""A trained adapter as files: PEFT's own, and the manifest that the store asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters import BaseModelId, Manifest, Role, write_manifest
from adapters.files import write_whole
from server.prompt import PROMPT_FORMAT
from toolsets import Toolset
from training.examples import Target
from training.history import metrics

if TYPE_CHECKING:
    from peft import PeftModel


@dataclass(frozen=True)
class Provenance:
    """What an adapter was trained for and from. `invocation` is empty for an ordinary LoRA."""

    target: Target
    base_model: BaseModelId
    toolsets: Mapping[str, Toolset]
    invocation: tuple[int, ...]
    data_digest: str
    training: Mapping[str, Any]
    copied: tuple[str, ...] = ()


def tools_digest(target: Target, toolsets: Mapping[str, Toolset]) -> str:
    """What `Manifest.tools_digest` says of an adapter: the digest of the tools that it has learnt."""
    if target.toolset is None:
        digests = sorted((name, toolset.digest) for name, toolset in toolsets.items())
        return hashlib.sha256(json.dumps(digests, separators=(",", ":")).encode()).hexdigest()
    toolset = toolsets[target.toolset]
    if target.role is Role.ARGUMENTS:
        return next(tool.digest for tool in toolset.tools if tool.name == target.tool)
    return toolset.digest


def save(model: PeftModel, folder: Path, provenance: Provenance, history: Sequence[Mapping[str, float]]) -> Manifest:
    """Write the adapter's folder; the manifest, without which no adapter is taken for whole, comes last."""
    from training.lora import save_adapter

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "history.json", json.dumps(list(history), indent=1) + "\n")
    invocation = provenance.invocation or None
    weights_digest = save_adapter(model, folder, base=provenance.base_model.name, invocation=invocation)
    target = provenance.target
    manifest = Manifest(
        role=target.role,
        toolset=target.toolset,
        tool=target.tool,
        base_model=provenance.base_model,
        prompt_format=PROMPT_FORMAT,
        tools_digest=tools_digest(target, provenance.toolsets),
        copied=provenance.copied,
        toolsets=tuple(sorted(provenance.toolsets)) if target.role is Role.ROUTER else (),
        data_digest=provenance.data_digest,
        weights_digest=weights_digest,
        metrics=metrics(history),
        created=datetime.now(UTC),
        training=dict(provenance.training),
    )
    write_manifest(folder, manifest)
    return manifest
