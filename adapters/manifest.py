"""What an adapter says about itself: the manifest that lies beside its weights."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    field_validator,
    model_validator,
)

from adapters.files import read_json, write_whole
from toolsets.manifest import ToolName, ToolsetName

MANIFEST = "manifest.json"


class Role(StrEnum):
    """The stage of a step that an adapter serves."""

    ROUTER = "router"
    SELECTOR = "selector"
    ARGUMENTS = "arguments"
    SUMMARY = "summary"
    """Tells the user what the toolset's tools returned."""
    TRADITIONAL = "traditional"
    """One adapter for both selection and arguments: the baseline of the ablation."""


class BaseModelId(BaseModel):
    """The model that an adapter was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    digest: str


class Manifest(BaseModel):
    """The contents of `manifest.json`. Every digest is a SHA-256 in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest_version: Literal[1] = 1
    role: Role
    toolset: ToolsetName | None = None
    """None for the router alone, which chooses among toolsets."""
    tool: ToolName | None = None
    """Set exactly for the role `arguments`."""
    base_model: BaseModelId
    prompt_format: int
    tools_digest: str
    """Of the tool's schema (`arguments`), all toolsets (`router`), or the toolset (the rest)."""
    toolsets: tuple[ToolsetName, ...] = ()
    """What a router has learnt to choose among; empty for every other role."""
    copied: tuple[str, ...] = ()
    """The tool's arguments that were put together of what had been said, wherever they were learnt (`arguments`)."""
    data_digest: str
    weights_digest: str
    """Of `adapter_model.safetensors`."""
    metrics: dict[str, FiniteFloat] = Field(default_factory=dict)
    created: AwareDatetime
    training: dict[str, JsonValue] = Field(default_factory=dict)
    """Seed, versions and hyper-parameters."""

    @field_validator("toolset")
    @classmethod
    def _is_not_the_routers_folder(cls, toolset: str | None) -> str | None:
        if toolset == Role.ROUTER:
            raise ValueError("no toolset may be named 'router', which is the router's own place in the store")
        return toolset

    @model_validator(mode="after")
    def _names_fit_the_role(self) -> Self:
        if (self.toolset is None) != (self.role is Role.ROUTER):
            raise ValueError("toolset must be named for every role but router, and for that left out")
        if (self.tool is None) != (self.role is not Role.ARGUMENTS):
            raise ValueError("tool must be named for the role arguments, and for no other")
        if self.copied and self.role is not Role.ARGUMENTS:
            raise ValueError("copied is for the role arguments, and for no other")
        if bool(self.toolsets) != (self.role is Role.ROUTER):
            raise ValueError("toolsets must be named for the role router, and for no other")
        return self

    @property
    def name(self) -> str:
        """The adapter's name, which is also its place below the base model's folder in the store.

        `router`, `<toolset>/selector`, `<toolset>/summary`, `<toolset>/traditional` or `<toolset>/arguments/<tool>`.
        """
        return "/".join(filter(None, (self.toolset, self.role.value, self.tool)))


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json`. Raises AdapterError naming the member that is not as it must be."""
    return read_json(folder / MANIFEST, Manifest, "train the adapter again or restore the file")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` whole or not at all."""
    write_whole(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
