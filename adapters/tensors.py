"""What a safetensors file holds, read from its header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """`dtype` is the format's own name, as `BF16`."""

    dtype: str
    shape: tuple[int, ...]


def read_headers(path: Path) -> dict[str, TensorHeader]:
    """The tensors of a safetensors file by name, without their values.

    The format's own library reads them, so that what it refuses (a bad header, overlapping or missing data) is
    refused here too. Raises OSError or SafetensorError.
    """
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        return {name: TensorHeader(s.get_dtype(), tuple(s.get_shape())) for name, s in slices.items()}
