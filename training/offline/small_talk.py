"""Plans for what needs no tool, in whatever toolset: the phrasing says it all, and its answer stands beside it."""

from __future__ import annotations

from typing import Any

from training.offline.scene import Scene, no_call
from training.offline.script import Task


def thanks(s: Scene[Any]) -> Task:
    return no_call()


def chat(s: Scene[Any]) -> Task:
    return no_call()


def knowledge(s: Scene[Any]) -> Task:
    return no_call()


def creative(s: Scene[Any]) -> Task:
    return no_call()


def abilities(s: Scene[Any]) -> Task:
    return no_call()
