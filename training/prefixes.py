"""Keys and values of prefixes, computed once by the frozen base model.

An activated adapter leaves the base model alone up to its invocation tokens (arXiv 2504.12397). So what a sample
attends to in its conversation is the same for every adapter and in every epoch, and needs no gradient.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.samples import Prefix, Row

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_KEY = "states"


class PrefixStates:
    """The states of prefixes, kept in files of a folder as long as they take no more than `max_bytes` in all.

    What has no room is computed again whenever it is asked for. The folder belongs to one base model and precision.
    Files, and not memory: the system keeps in memory what of them it has room for. `model` is the base model, which may
    have an adapter in its layers.
    """

    def __init__(self, model: PreTrainedModel, folder: Path, max_bytes: int, forward_tokens: int) -> None:
        self._model = model
        self._folder = folder
        self._forward_tokens = forward_tokens
        folder.mkdir(parents=True, exist_ok=True)
        self._left = max_bytes - sum(file.stat().st_size for file in folder.glob("*.safetensors"))

    def fill(self, rows: Iterable[Row], report: Callable[[int], None] = lambda tokens: None) -> None:
        """Compute and keep what there is room for, as far as the rows reach; `report` hears of the tokens kept."""
        missing = []
        for row in furthest(rows):
            if self._has(row):
                report(row.reach)
            else:
                missing.append(row)
        # By length, so that a forward pass is all tokens and no padding.
        for together in _together(missing, self._forward_tokens):
            if self._left <= 0:
                return
            for row, states in zip(together, self._compute(together), strict=True):
                if self._keep(row.prefix, states):
                    report(row.reach)

    def of(self, rows: Sequence[Row]) -> Tensor:
        """[layers, 2, rows, key heads, tokens, size]: as far as the rows reach, padded with zeros."""
        needed = furthest(rows)
        found = {row.prefix.digest: states for row in needed if (states := self._read(row)) is not None}
        for together in _together([row for row in needed if row.prefix.digest not in found], self._forward_tokens):
            found.update((row.prefix.digest, kept) for row, kept in zip(together, self._compute(together), strict=True))
        reach = max(row.reach for row in rows)
        some = next(iter(found.values()))
        layers, pair, heads, _, size = some.shape
        batch = torch.zeros(layers, pair, len(rows), heads, reach, size, dtype=some.dtype, device=self._model.device)
        for number, row in enumerate(rows):
            batch[:, :, number, :, : row.reach] = found[row.prefix.digest][:, :, :, : row.reach]
        return batch

    def clear(self) -> None:
        """Delete the files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _compute(self, rows: Sequence[Row]) -> list[Tensor]:
        """[layers, 2, key heads, tokens, size] of each."""
        length = max(row.reach for row in rows)
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : row.reach] = torch.tensor(row.prefix.ids[: row.reach])
        # Padding follows, and a token does not see what follows it.
        # Whoever asks may be in a context of mixed precision; what is kept was computed without.
        with torch.no_grad(), torch.autocast(self._model.device.type, enabled=False), _bare(self._model):
            decoder = self._model.get_decoder()
            cache = decoder(input_ids=ids.to(self._model.device), use_cache=True).past_key_values
        layers = [(layer.keys, layer.values) for layer in cache.layers]
        return [
            torch.stack([torch.stack([part[number, :, : row.reach] for part in layer]) for layer in layers])
            for number, row in enumerate(rows)
        ]

    def _keep(self, prefix: Prefix, states: Tensor) -> bool:
        """Write the file if there is room."""
        size = states.numel() * states.element_size()
        if size > self._left:
            self._left = 0  # The next are as long.
            return False
        file = self._file(prefix)
        beside = file.with_suffix(".new")
        try:
            save_file({_KEY: states.contiguous()}, beside)
            beside.replace(file)
        except OSError:
            # A full disk costs time, nothing else.
            self._left = 0
            beside.unlink(missing_ok=True)
            return False
        self._left -= size
        return True

    def _has(self, row: Row) -> bool:
        """Whether what the row needs is kept, which may be more or less than that."""
        with suppress(FileNotFoundError, SafetensorError), safe_open(self._file(row.prefix), "pt") as file:
            return bool(file.get_slice(_KEY).get_shape()[-2] >= row.reach)
        return False

    def _read(self, row: Row) -> Tensor | None:
        with suppress(FileNotFoundError, SafetensorError):
            states = load_file(self._file(row.prefix))[_KEY]
            return states if states.shape[-2] >= row.reach else None
        return None

    def _file(self, prefix: Prefix) -> Path:
        return self._folder / f"{prefix.digest}.safetensors"


@contextmanager
def _bare(model: PreTrainedModel) -> Iterator[None]:
    """The model without the adapters in its layers."""
    layers = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    for layer in layers:
        layer.enable_adapters(False)
    try:
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)


def furthest(rows: Iterable[Row]) -> list[Row]:
    """Of the rows of each prefix the one that reaches furthest; the shortest first."""
    found: dict[str, Row] = {}
    for row in rows:
        digest = row.prefix.digest
        if digest not in found or found[digest].reach < row.reach:
            found[digest] = row
    return sorted(found.values(), key=lambda row: row.reach)


def _together(rows: Sequence[Row], tokens: int) -> Iterator[list[Row]]:
    """Runs of rows, sorted by reach, whose forward pass holds at most `tokens`; one at the least."""
    run: list[Row] = []
    for row in rows:
        if run and (len(run) + 1) * row.reach > tokens:
            yield run
            run = []
        run.append(row)
    if run:
        yield run
