"""Hand-written values for slots, from `training/intents/TOOLSET/values.toml`."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import TypeVar

from pydantic import BaseModel, ConfigDict


class Values(BaseModel):
    """systems: what an application may tell the assistant first. A toolset adds what its plans draw from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    systems: tuple[str, ...]


V = TypeVar("V", bound=Values)


@functools.cache
def _text(toolset: str) -> str:
    return files("training.intents").joinpath(toolset, "values.toml").read_text(encoding="utf-8")


def read_values(toolset: str, kind: type[V]) -> V:
    return kind.model_validate(tomllib.loads(_text(toolset)))
