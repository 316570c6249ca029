"""What an adapter says about itself: the manifest that lies beside its weights."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    StringConstraints,
    model_validator,
)

MANIFEST_FILE = "manifest.json"

# Toolset and tool names become folder names, so neither a separator nor a leading dot may stand in them.
Name = Annotated[str, StringConstraints(pattern=re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}\Z"))]
Digest = Annotated[str, StringConstraints(pattern=re.compile(r"^[0-9a-f]{64}\Z"))]


class Role(StrEnum):
    """The stage of a step that an adapter serves."""

    ROUTER = "router"
    SELECTOR = "selector"
    ARGUMENTS = "arguments"
    TRADITIONAL = "traditional"
    """One adapter for both selection and arguments: the baseline of the ablation."""


class BaseModelId(BaseModel):
    """The model that an adapter was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: Digest


class Manifest(BaseModel):
    """The contents of `manifest.json`. Every digest is a SHA-256 in lower-case hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest_version: Literal[1] = 1
    role: Role
    toolset: Name | None = None
    """None for the router alone, which chooses among toolsets."""
    tool: Name | None = None
    """Set exactly for the role `arguments`."""
    base_model: BaseModelId
    prompt_format: int
    tools_digest: Digest
    """Of the tool's schema (`arguments`), the toolset (`selector`, `traditional`), the toolsets (`router`)."""
    data_digest: Digest
    weights_digest: Digest
    """Of `adapter_model.safetensors`."""
    metrics: dict[str, FiniteFloat] = Field(default_factory=dict)
    created: datetime
    training: dict[str, JsonValue] = Field(default_factory=dict)
    """Seed, versions and hyper-parameters."""

    @model_validator(mode="after")
    def _names_fit_the_role(self) -> Self:
        if (self.toolset is None) != (self.role is Role.ROUTER):
            raise ValueError("'toolset' must be set for every role but router, and for that left out")
        if (self.tool is None) != (self.role is not Role.ARGUMENTS):
            raise ValueError("'tool' must be set for the role arguments, and for no other")
        return self

    @property
    def name(self) -> str:
        """The adapter's name, which is also its place below the base model's folder in the store.

        `router`, `<toolset>/selector`, `<toolset>/traditional` or `<toolset>/arguments/<tool>`.
        """
        return "/".join(part for part in (self.toolset, self.role.value, self.tool) if part)
