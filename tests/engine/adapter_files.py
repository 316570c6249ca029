"""Adapters of random weights for the embedded model, and a small toolset for them, as files that the project reads.

The weights come from a seed and are large: what such an adapter makes of a prompt has little to do with the prompt,
so that a test can tell one adapter from another and from the base model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from adapters import BaseModel, BaseModelId, Manifest, Role, install, write_manifest
from server.prompt import PROMPT_FORMAT
from toolsets import Tool, Toolset
from toolsets.manifest import Snapshot, SnapshotTool

RANK = 8
TARGETS = ("q_proj", "v_proj", "up_proj")


def _schema(**properties: str) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


NOTES = Toolset(
    "notes",
    "Read and write the user's notes.",
    (
        Tool("read_note", "Read a note.", _schema(title="string")),
        Tool("add_note", "Write a new note.", _schema(title="string", text="string")),
        Tool("count_notes", "Count the notes.", _schema(limit="integer")),
    ),
)


def write_toolset(root: Path, toolset: Toolset) -> None:
    """Register `toolset` in the folder `root`, as `dualtune toolset add` would."""
    folder = root / toolset.name
    folder.mkdir(parents=True)
    (folder / "toolset.toml").write_text(
        f'name = "{toolset.name}"\ndescription = "{toolset.description}"\n[server]\ncommand = ["notes-server"]\n'
    )
    tools = tuple(
        SnapshotTool(name=tool.name, description=tool.description, inputSchema=dict(tool.parameters))
        for tool in toolset.tools
    )
    (folder / "tools.json").write_text(Snapshot(digest=toolset.digest, tools=tools).model_dump_json())


@dataclass(frozen=True)
class AdapterFiles:
    """Makes adapters for `base` in the store at `root`, in the place of those of the same name."""

    root: Path
    base: BaseModel

    def install(
        self,
        role: Role,
        tool: str | None = None,
        *,
        seed: int,
        rank: int = RANK,
        invocation: Sequence[int] | None = None,
    ) -> Path:
        """An adapter of NOTES in its place in the store; an activated one with `invocation` tokens."""
        draft = self.root / ".draft"
        draft.mkdir(parents=True, exist_ok=True)
        self._write_weights(draft, seed, rank)
        _write_config(draft, rank, invocation)
        digest = hashlib.sha256((draft / "adapter_model.safetensors").read_bytes()).hexdigest()
        tools = {tool.name: tool.digest for tool in NOTES.tools}
        manifest = Manifest(
            role=role,
            toolset=NOTES.name,
            tool=tool,
            base_model=BaseModelId(name=self.base.name, digest=self.base.digest),
            prompt_format=PROMPT_FORMAT,
            tools_digest=tools[tool] if tool else NOTES.digest,
            data_digest="none: the weights are random",
            weights_digest=digest,
            created=datetime(2026, 1, 1, tzinfo=UTC),
            training={"seed": seed},
        )
        write_manifest(draft, manifest)
        return install(draft, self.root, self.base)

    def _write_weights(self, folder: Path, seed: int, rank: int) -> None:
        generator = np.random.default_rng(seed)
        tensors = {}
        for module, (rows, columns) in sorted(self.base.shapes.items()):
            if module.endswith(TARGETS):
                prefix = f"base_model.model.{module}"
                a = generator.standard_normal((rank, columns)) / np.sqrt(columns)
                b = generator.standard_normal((rows, rank)) * STRENGTH
                tensors[f"{prefix}.lora_A.weight"] = a.astype(np.float32)
                tensors[f"{prefix}.lora_B.weight"] = b.astype(np.float32)
        save_file(tensors, folder / "adapter_model.safetensors")


STRENGTH = 0.3


def _write_config(folder: Path, rank: int, invocation: Sequence[int] | None) -> None:
    from peft import LoraConfig

    config = LoraConfig(
        r=rank,
        lora_alpha=rank,
        target_modules=list(TARGETS),
        task_type="CAUSAL_LM",
        alora_invocation_tokens=list(invocation) if invocation is not None else None,
        inference_mode=True,
    )
    config.save_pretrained(str(folder))
