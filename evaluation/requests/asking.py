"""Put conversations to a model, with tools, and look at its next reply to each. Nothing is carried out."""

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
from toolsets.trajectory import Message, Reply

ROOT = Path("/home/user/files")
"""The folder that the model is told of, where it is offered tools for files."""


async def ask(
    model: ChatModel, toolset: Toolset, requests: Sequence[Request], jobs: int, report: Callable[[], None]
) -> list[Answer]:
    """Answers in the order of the requests, `jobs` at a time. Raises EvaluationError where there is none to one."""
    tools = {tool.name: tool for tool in toolset.tools}
    root = ROOT if toolset.name == WORKSPACE else None
    given = await replies(model, toolset.tools, [opening(r.request, root) for r in requests], jobs, report)
    return [judge(request, reply, tools, str(ROOT)) for request, reply in zip(requests, given, strict=True)]


async def replies(
    model: ChatModel,
    tools: Iterable[Tool],
    conversations: Iterable[Sequence[Message]],
    jobs: int,
    report: Callable[[], None],
) -> list[Reply]:
    """In order, `jobs` at a time; tools have distinct names. Raises EvaluationError where there is none to one."""
    offer = [as_function(tool.name, tool) for tool in tools]
    turns = asyncio.Semaphore(jobs)

    async def one(messages: Sequence[Message]) -> Reply:
        async with turns:
            reply = await model.reply(messages, offer)
        report()
        return reply

    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(one(messages)) for messages in conversations]
    except* ModelError as errors:
        raise EvaluationError(f"{model.model} gave no answer: {errors.exceptions[0]}", "base_url") from None
    return [task.result() for task in asked]
