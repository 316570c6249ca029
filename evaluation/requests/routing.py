"""Which toolset a model goes to for a request, where several are offered. Nothing is carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from evaluation.judge.measures import routed
from evaluation.requests.asking import ROOT, replies
from evaluation.requests.request import Errand
from toolsets import Toolset
from toolsets.agent import opening
from toolsets.chat import ChatModel


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
    """In the order of `errands`, as `replies` has it."""
    owner = {tool.name: toolset.name for toolset in toolsets for tool in toolset.tools}
    tools = [tool for toolset in toolsets for tool in toolset.tools]
    given = await replies(model, tools, [opening(errand.request, ROOT) for errand in errands], jobs, report)
    return [
        Went(errand.request, errand.toolset, routed(reply, owner.get(reply.calls[0].name) if reply.calls else None))
        for errand, reply in zip(errands, given, strict=True)
    ]


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
