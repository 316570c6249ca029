"""Put every request to a model, with a toolset's tools, and look at its first reply. Nothing is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.requests.request import Request
from evaluation.requests.score import Answer, judge
from toolsets import Toolset
from toolsets.agent import opening
from toolsets.chat import ChatModel, ModelError
from toolsets.toolbox import as_function

ROOT = Path("/home/user/files")
"""The folder that the model is told of."""


async def ask(
    model: ChatModel, toolset: Toolset, requests: Sequence[Request], jobs: int, report: Callable[[], None]
) -> list[Answer]:
    """Answers in the order of the requests, `jobs` at a time. Raises EvaluationError where there is none to one."""
    tools = {tool.name: tool for tool in toolset.tools}
    offer = [as_function(tool.name, tool) for tool in toolset.tools]
    turns = asyncio.Semaphore(jobs)

    async def one(request: Request) -> Answer:
        async with turns:
            reply = await model.reply(opening(request.request, ROOT), offer)
        report()
        return judge(request, reply, tools, str(ROOT))

    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(request)) for request in requests]
    except* ModelError as errors:
        raise EvaluationError(f"{model.model} gave no answer: {errors.exceptions[0]}", "base_url") from None
    return [task.result() for task in asked]
