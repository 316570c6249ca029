"""The hyper-parameters of a training run."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters import Kind


class Hyperparameters(BaseModel):
    """What training an adapter takes, besides data and a base model. The defaults suit small models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Kind.ALORA
    rank: int = Field(default=16, ge=1, le=512)
    alpha: float = Field(default=32.0, gt=0)
    rslora: bool = False
    """Scale by alpha / sqrt(rank) in place of alpha / rank (arXiv 2312.03732)."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: tuple[str, ...] = ("all-linear",)
    """Last parts of the names of linear layers, as `q_proj`; `all-linear` stands for all but the output head."""
    learning_rate: float = Field(default=5e-4, gt=0)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: int = Field(default=3, ge=1)
    shared_epochs: int = Field(default=0, ge=0)
    """Epochs in which the argument adapters of a toolset are trained as one, from whose weights each then starts.

    What all tools have in common, to copy words of the conversation above all, is learnt from all examples so.
    """
    patience: int = Field(default=1, ge=1)
    """Epochs without a lower validation loss after which training ends."""
    batch_size: int = Field(default=16, ge=1)
    """Examples for a step of the optimizer."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the base model and of arithmetic; the adapter's weights are kept in float32 while they are trained."""
    seed: int = Field(default=0, ge=0)
    max_tokens: int = Field(default=4096, ge=16)
    """Longer examples are left out."""
    forward_tokens: int = Field(default=16_384, ge=16)
    """Tokens, padding and cached prefixes included, that one forward pass may hold; a step takes several if need be."""

    @model_validator(mode="after")
    def _targets_are_named(self) -> Self:
        if not self.target_modules or ("all-linear" in self.target_modules and len(self.target_modules) > 1):
            raise ValueError("target_modules: name layers, or all-linear alone")
        return self
