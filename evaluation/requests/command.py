"""`dualtune eval requests`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from rich.table import Table

from adapters.files import write_whole
from evaluation.errors import EvaluationError
from evaluation.requests.asking import ask
from evaluation.requests.request import read_requests
from evaluation.requests.score import Answer, Summary, as_json, summarize
from toolsets import Registry
from toolsets.chat import OpenAIModel
from toolsets.console import stderr
from toolsets.registry import PACKAGED
from training.display import Display

_MAX_TOKENS = 512
"""Of one reply: small models that answer in words may go on and on."""


def measure(
    toolset: str, path: Path | None, models: tuple[str, ...], base_url: str, api_key: str, jobs: int
) -> dict[str, list[Answer]]:
    """By model, what it answered to every request. Raises EvaluationError."""
    from openai import AsyncOpenAI  # slow to import

    registry = Registry.load(PACKAGED)
    if toolset not in registry.toolsets:
        known = ", ".join(sorted(registry.toolsets))
        raise EvaluationError(f"there is no toolset {toolset!r}; there are: {known}", "toolset")
    requests = read_requests(toolset, path)

    async def each() -> dict[str, list[Answer]]:
        answers = {}
        async with AsyncOpenAI(base_url=base_url, api_key=api_key) as client:
            for name in models:
                display.begin(name, len(requests))
                model = OpenAIModel(client, name, _MAX_TOKENS)
                answers[name] = await ask(model, registry.toolsets[toolset], requests, jobs, lambda: display.advance(1))
        return answers

    with Display(stderr()) as display:
        return asyncio.run(each())


def keep(answers: dict[str, list[Answer]], out: Path) -> None:
    whole = {name: as_json(given) for name, given in answers.items()}
    write_whole(out, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def table(answers: dict[str, list[Answer]]) -> Table:
    made = Table("model", "right tool", "right call", "no tool where none", "valid", "seconds")
    for name, given in answers.items():
        made.add_row(name, *_cells(summarize(given)))
    return made


def _cells(summary: Summary) -> list[str]:
    shares = (summary.right_tool, summary.right_call, summary.right_without_tool, summary.valid)
    return [*("-" if share is None else f"{share:.1%}" for share in shares), f"{summary.seconds:.2f}"]
