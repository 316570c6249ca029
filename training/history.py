"""The epochs of an adapter's training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Epoch = dict[str, float]
"""`epoch` counts from 1. `loss` and `validation_loss` are means over the learnt tokens, `validation_exact` the share of
samples whose written tokens are all the likeliest, `seconds` the time since the start. Without validation data its
members are missing."""


def best(history: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """The epoch with the lowest validation loss, the first of several; the last where there is no validation."""
    return min(history, key=lambda epoch: epoch.get("validation_loss", -epoch["epoch"]))


def metrics(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The best epoch's, without its time."""
    return {name: value for name, value in best(history).items() if name != "seconds"}
