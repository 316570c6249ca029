"""Put requests to a model, with tools, and look at its first reply to each. Nothing is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.requests.request import Request
from evaluation.requests.score import Answer, judge
from evaluation.surroundings import WORKSPACE
from toolsets import Tool, Toolset
from toolsets.agent import opening
from toolsets.chat import ChatModel, ModelError
from toolsets.toolbox import as_function
from toolsets.trajectory import Reply

ROOT = Path("/home/user/files")
"""The folder that the model is told of, where it is offered tools for files."""


async def ask(
    model: ChatModel, toolset: Toolset, requests: Sequence[Request], jobs: int, report: Callable[[], None]
) -> list[Answer]:
    """Answers in the order of the requests, `jobs` at a time. Raises EvaluationError where there is none to one."""
    tools = {tool.name: tool for tool in toolset.tools}
    root = ROOT if toolset.name == WORKSPACE else None
    given = await replies(model, toolset.tools, [request.request for request in requests], jobs, report, root)
    return [judge(request, reply, tools, str(ROOT)) for request, reply in zip(requests, given, strict=True)]


async def replies(
    model: ChatModel,
    tools: Iterable[Tool],
    texts: Iterable[str],
    jobs: int,
    report: Callable[[], None],
    root: Path | None = ROOT,
) -> list[Reply]:
    """In the order of `texts`, `jobs` at a time; tools have distinct names. The model is told of the folder `root`.

    Raises EvaluationError where there is none to one.
    """
    offer = [as_function(tool.name, tool) for tool in tools]
    turns = asyncio.Semaphore(jobs)

    async def one(text: str) -> Reply:
        async with turns:
            reply = await model.reply(opening(text, root), offer)
        report()
        return reply

    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(text)) for text in texts]
    except* ModelError as errors:
        raise EvaluationError(f"{model.model} gave no answer: {errors.exceptions[0]}", "base_url") from None
    return [task.result() for task in asked]
