"""Which toolset a model goes to for a request, where several are offered. Nothing is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from evaluation.errors import EvaluationError
from evaluation.judge.measures import routed
from evaluation.requests.asking import ROOT
from evaluation.requests.request import Errand
from toolsets import Toolset
from toolsets.agent import opening
from toolsets.chat import ChatModel, ModelError
from toolsets.toolbox import as_function


@dataclass(frozen=True)
class Went:
    """Where a request went; `expected` and `toolset` are None for no toolset."""

    request: str
    expected: str | None
    toolset: str | None

    @property
    def right(self) -> bool:
        return self.toolset == self.expected


async def send(
    model: ChatModel, toolsets: Sequence[Toolset], errands: Sequence[Errand], jobs: int, report: Callable[[], None]
) -> list[Went]:
    """In the order of `errands`, `jobs` at a time; tools have distinct names.

    Raises EvaluationError where there is no answer to one.
    """
    owner = {tool.name: toolset.name for toolset in toolsets for tool in toolset.tools}
    offer = [as_function(tool.name, tool) for toolset in toolsets for tool in toolset.tools]
    turns = asyncio.Semaphore(jobs)

    async def one(errand: Errand) -> Went:
        async with turns:
            reply = await model.reply(opening(errand.request, ROOT), offer)
        report()
        called = owner.get(reply.calls[0].name) if reply.calls else None
        return Went(errand.request, errand.toolset, routed(reply, called))

    try:
        async with asyncio.TaskGroup() as group:
            sent = [group.create_task(one(errand)) for errand in errands]
    except* ModelError as errors:
        raise EvaluationError(f"{model.model} gave no answer: {errors.exceptions[0]}", "base_url") from None
    return [task.result() for task in sent]


def shares(went: Sequence[Went]) -> dict[str, float]:
    """How many were right, from 0 to 1: in all, and of each toolset's requests and of those for `none`."""
    names = dict.fromkeys(each.expected for each in went)
    by_toolset = {name or "none": [each.right for each in went if each.expected == name] for name in names}
    return {
        name: sum(rights) / len(rights) for name, rights in {"all": [each.right for each in went], **by_toolset}.items()
    }


def wrong(went: Sequence[Went]) -> list[dict[str, str | None]]:
    """Those that went elsewhere than they should."""
    return [asdict(each) for each in went if not each.right]
