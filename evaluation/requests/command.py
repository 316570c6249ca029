"""`dualtune eval requests` and `dualtune eval routes`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.table import Table

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from evaluation.requests.answering import Told, answered, figures, tell
from evaluation.requests.asking import ask
from evaluation.requests.request import read_errands, read_requests
from evaluation.requests.routing import Went, send, shares
from evaluation.requests.score import Answer, Summary, summarize
from toolsets import Registry, Toolset
from toolsets.chat import OpenAIModel
from toolsets.console import stderr
from toolsets.registry import PACKAGED
from training.display import Display
from training.trajectory import read_demonstrations

_MAX_TOKENS = 512
"""Of one reply: small models that answer in words may go on and on."""
_ROUTING_TOKENS = 64
"""Of one reply, where only its toolset matters."""

T = TypeVar("T")


def measure(
    toolset: str, path: Path | None, models: tuple[str, ...], base_url: str, api_key: str, jobs: int
) -> dict[str, list[Answer]]:
    """By model, what it answered to every request. Raises EvaluationError."""
    offered = _known((toolset,), "toolset")[0]
    requests = read_requests(toolset, path)

    async def put(model: OpenAIModel, report: Callable[[], None]) -> list[Answer]:
        return await ask(model, offered, requests, jobs, report)

    return _of_each(models, base_url, api_key, _MAX_TOKENS, len(requests), put)


def route(
    offered: tuple[str, ...],
    path: Path | None,
    models: tuple[str, ...],
    base_url: str,
    api_key: str,
    jobs: int,
) -> dict[str, list[Went]]:
    """By model, the toolset that every request went to, of those that are offered. Raises EvaluationError."""
    toolsets = _known(offered, "offer")
    errands = [errand for errand in read_errands(path) if errand.toolset is None or errand.toolset in offered]
    if not errands:
        raise EvaluationError("no request is for one of these toolsets; offer others", "offer")

    async def put(model: OpenAIModel, report: Callable[[], None]) -> list[Went]:
        return await send(model, toolsets, errands, jobs, report)

    return _of_each(models, base_url, api_key, _ROUTING_TOKENS, len(errands), put)


def listen(
    toolset: str, demonstrations: Path, models: tuple[str, ...], base_url: str, api_key: str, jobs: int
) -> dict[str, list[Told]]:
    """By model, what it said at the end of every demonstration. Raises EvaluationError or TrainingError."""
    offered = _known((toolset,), "toolset")[0]
    ended = answered(read_demonstrations(demonstrations), toolset)

    async def put(model: OpenAIModel, report: Callable[[], None]) -> list[Told]:
        return await tell(model, offered.tools, ended, jobs, report)

    return _of_each(models, base_url, api_key, _MAX_TOKENS, len(ended), put)


def _known(names: tuple[str, ...], field: str) -> list[Toolset]:
    registry = Registry.load(PACKAGED)
    if unknown := [name for name in names if name not in registry.toolsets]:
        known = ", ".join(sorted(registry.toolsets))
        raise EvaluationError(f"there is no toolset {unknown[0]!r}; there are: {known}", field)
    return [registry.toolsets[name] for name in names]


def _of_each(
    models: tuple[str, ...],
    base_url: str,
    api_key: str,
    max_tokens: int,
    total: int,
    put: Callable[[OpenAIModel, Callable[[], None]], Awaitable[list[T]]],
) -> dict[str, list[T]]:
    """What `put` gives for each model, with progress."""
    from openai import AsyncOpenAI  # slow to import

    async def each() -> dict[str, list[T]]:
        answers = {}
        async with AsyncOpenAI(base_url=base_url, api_key=api_key) as client:
            for name in models:
                display.begin(name, total)
                answers[name] = await put(OpenAIModel(client, name, max_tokens), lambda: display.advance(1))
        return answers

    with Display(stderr()) as display:
        return asyncio.run(each())


def keep(record: Mapping[str, Any], out: Path) -> None:
    """record: by model, what is said of its answers."""
    write_whole(out, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def table(answers: dict[str, list[Answer]]) -> Table:
    made = Table("model", "right tool", "right call", "no tool where none", "valid", "seconds")
    for name, given in answers.items():
        made.add_row(name, *_cells(summarize(given)))
    return made


def routing_table(went: Mapping[str, list[Went]]) -> Table:
    """The share that each model got right: of all requests, and of those for each toolset."""
    right = [shares(given) for given in went.values()]
    made = Table("requests for", *went)
    for name in right[0]:
        made.add_row(name, *(f"{of[name]:.1%}" for of in right))
    return made


def answers_table(told: Mapping[str, list[Told]]) -> Table:
    made = Table("model", "replies", *figures(()))
    for name, given in told.items():
        made.add_row(name, str(len(given)), *_percent(figures(given).values()))
    return made


def _cells(summary: Summary) -> list[str]:
    shares = (summary.right_tool, summary.right_call, summary.right_without_tool, summary.valid)
    return [*_percent(shares), f"{summary.seconds:.2f}"]


def _percent(shares: Iterable[float | None]) -> list[str]:
    return ["-" if share is None else f"{share:.1%}" for share in shares]
