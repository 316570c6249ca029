"""The two stages of a cloud teacher, shown and with a client of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from toolsets.agent import AgentLimits
from training.display import Display
from training.errors import TrainingError
from training.teacher.asking import Asking
from training.teacher.endpoint import Endpoint, check_url
from training.teacher.performing import Performing
from training.teacher.places import Subject
from training.teacher.queries import read_harvest
from training.teacher.usage import Price, spent

_KEYS = ("DUALTUNE_TEACHER_KEY", "OPENAI_API_KEY")


@dataclass(frozen=True)
class Teacher:
    """A model behind the OpenAI API. At most `at_once` requests are under way at a time."""

    url: str
    model: str
    key: str | None = None
    price: Price | None = None
    at_once: int = 8


def teacher_of(url: str, model: str, price_in: float | None, price_out: float | None, at_once: int) -> Teacher:
    """The teacher that options name, with the key of the environment. Raises TrainingError."""
    if (price_in is None) != (price_out is None):
        raise TrainingError("give --price-in and --price-out, or neither", "price")
    price = None if price_in is None or price_out is None else Price(price_in, price_out)
    key = next((os.environ[name] for name in _KEYS if os.environ.get(name)), None)
    return Teacher(check_url(url), model, key, price, at_once)


def ask(
    subject: Subject,
    teacher: Teacher,
    path: Path,
    count: int,
    seed: int,
    display: Display,
    should_stop: Callable[[], bool],
) -> Asking:
    """Let the file of queries grow to `count` for each tool. Raises Interrupted, TrainingError and ToolsetError."""

    async def run() -> Asking:
        async with httpx.AsyncClient() as client:
            asking = Asking(subject, _endpoint(client, teacher), path, count, seed)

            def show() -> None:
                display.update(asking.done, spent(asking.harvest.usage, teacher.price))

            display.begin("queries", asking.wanted)
            show()
            try:
                await asking.run(teacher.at_once, show, should_stop)
            finally:
                harvest = asking.harvest
                made = f"{len(harvest.queries):,} queries, {asking.new_batches:,} new answers"
                display.end(f"{path}: {made}; {spent(harvest.usage, teacher.price)}")
            return asking

    asking = asyncio.run(run())
    counts = asking.harvest.counts()
    for name in sorted(asking.given_up):
        display.end(f"{name}: the teacher has nothing new to say any more, after {counts[name]:,} of {count:,}")
    return asking


def perform(
    subject: Subject,
    teacher: Teacher,
    queries: Path,
    path: Path,
    limits: AgentLimits,
    display: Display,
    should_stop: Callable[[], bool],
) -> Performing:
    """Let the file of trajectories grow by those of the queries. Raises Interrupted, TrainingError, ToolsetError."""
    asked = read_harvest(queries, subject.toolset).queries
    if not asked:
        raise TrainingError(f"{queries} has no queries for {subject.toolset.name} as it is now", "queries")

    async def run() -> Performing:
        async with httpx.AsyncClient() as client:
            performing = Performing(subject, _endpoint(client, teacher), path, asked)
            found = performing.found

            def show() -> None:
                note = f"{found.discarded.total():,} discarded; {spent(found.usage, teacher.price)}"
                display.update(len(found.outcomes), note)

            display.begin("trajectories", len(asked))
            show()
            try:
                await performing.run(limits, teacher.at_once, show, should_stop)
            finally:
                made = f"{len(found.demonstrations):,} trajectories, {found.discarded.total():,} discarded"
                display.end(f"{path}: {made}, {found.new:,} new; {spent(found.usage, teacher.price)}")
            return performing

    return asyncio.run(run())


def _endpoint(client: httpx.AsyncClient, teacher: Teacher) -> Endpoint:
    return Endpoint(client, teacher.url, teacher.model, teacher.key)
