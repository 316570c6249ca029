"""Steps on the scripted engine, and their events in a form that can be compared whole."""

from __future__ import annotations

import asyncio
import math
from asyncio import sleep  # by its name: tests that replace that of the module still wait
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from adapters import Store
from server.conversation import Message
from server.decode.events import ArgumentsPiece, CallStarted, Event, StageDone, TextPiece
from server.decode.menu import as_one_group, group_tools
from server.decode.request import StepRequest
from server.decode.stages import Stages
from server.decode.step import step
from server.engine.scripted import ScriptedEngine
from server.profiles import PROFILES
from server.prompt import Stage
from tests.server.toy import REGISTRY, prompts
from toolsets import Tool

HELLO = (Message("user", "Hello"),)
EVEN = math.log(0.5)
"""The log-probability of every token that the scripted engine gives."""


def asked(*tools: Tool, profile: str = "dualtune", **members: Any) -> StepRequest:
    """A step in which `tools` are offered."""
    groups = group_tools(tools, REGISTRY)
    if PROFILES[profile].decode == "flat":
        groups = as_one_group(groups)
    return StepRequest(PROFILES[profile], **{"messages": HELLO, "groups": groups, **members})


def stages_on(engine: ScriptedEngine, store: Store | None = None) -> Stages:
    return Stages(engine, prompts(), store)


async def decoded(request: StepRequest, engine: ScriptedEngine, store: Store | None = None) -> list[Event]:
    """The events of the step, folded."""
    async with aclosing(step(request, stages_on(engine, store))) as events:
        return folded([event async for event in events])


async def until(holds: Callable[[], bool]) -> None:
    """Let others run until `holds`, for a minute at most.

    Threads are others too: a loop that spins would keep the interpreter from them for most of the time.
    """
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await sleep(0.001)


def folded(events: Iterable[Event]) -> list[Event]:
    """Neighbouring pieces as one, times as 0, and calls with ids that tell their order."""
    together: list[Event] = []
    for event in events:
        match event, together[-1:]:
            case TextPiece(text, tokens), [TextPiece(before, past)]:
                together[-1] = TextPiece(before + text, past + tokens)
            case ArgumentsPiece(index, text), [ArgumentsPiece(same, before)] if index == same:
                together[-1] = ArgumentsPiece(index, before + text)
            case CallStarted(index, id, name), _:
                assert id.startswith("call_")
                together.append(CallStarted(index, f"call_{index}", name))
            case StageDone(), _:
                assert event.seconds >= 0
                together.append(replace(event, seconds=0))
            case _:
                together.append(event)
    return together


def even(tokens: int) -> Any:
    """The probability of so many tokens of the scripted engine, but for rounding."""
    return pytest.approx(0.5**tokens)


def chosen(engine: ScriptedEngine, number: int, choice: str, tokens: int, **more: Any) -> StageDone:
    """The report of a choice that was the engine's generation `number`, made after `tokens` tokens."""
    prompt = engine.generations[number].prompt
    return StageDone(prompt.stage, 0, len(prompt), 0, tokens, choice=choice, confidence=even(tokens), **more)


def certain(stage: Stage, choice: str, **more: Any) -> StageDone:
    """The report of a choice that was none."""
    return StageDone(stage, 0, 0, 0, 0, choice=choice, confidence=1.0, **more)


def wrote(engine: ScriptedEngine, number: int, tokens: int, **more: Any) -> StageDone:
    """The report of arguments or text that were the engine's generation `number`."""
    prompt = engine.generations[number].prompt
    return StageDone(prompt.stage, 0, len(prompt), 0, tokens, **more)
