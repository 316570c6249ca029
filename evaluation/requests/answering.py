"""What a model tells the user once all calls of a demonstration are made: does it end, and say what was returned?

    ended      replies that are no further call / replies
    exact      replies that are word for word as in the demonstration / replies
    told       facts of the demonstration's answer that the reply has / facts of the answer; 0 for a further call
    grounded   facts of the reply that were said before / facts of the reply

What a fact is, `evaluation.judge.grounding` says. The last two are means over replies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.errors import EvaluationError
from evaluation.judge.grounding import facts, known
from evaluation.judge.measures import mean, share
from evaluation.requests.asking import replies
from toolsets import Tool
from toolsets.chat import ChatModel
from toolsets.trajectory import Message
from training.trajectory import Demonstration


@dataclass(frozen=True)
class Told:
    """What was said after the results in `messages`, and what should have been; `reply` is None for a further call."""

    demonstration: str
    messages: tuple[Message, ...]
    expected: str
    reply: str | None

    @property
    def exact(self) -> bool:
        return (self.reply or "").strip() == self.expected.strip()

    @property
    def told(self) -> float | None:
        return 0.0 if self.reply is None else share([fact in self.reply for fact in facts(self.expected)])

    @property
    def grounded(self) -> float | None:
        return None if self.reply is None else known(facts(self.reply), self.messages)


async def tell(
    model: ChatModel,
    tools: Sequence[Tool],
    demonstrations: Sequence[Demonstration],
    jobs: int,
    report: Callable[[], None],
) -> list[Told]:
    """In the order of `demonstrations`. Raises EvaluationError where there is no reply to one."""
    before = [demonstration.trajectory.messages[:-1] for demonstration in demonstrations]
    given = await replies(model, tools, before, jobs, report)
    return [
        Told(one.id, tuple(messages), one.trajectory.answer or "", None if reply.calls else reply.text or "")
        for one, messages, reply in zip(demonstrations, before, given, strict=True)
    ]


def answered(demonstrations: Sequence[Demonstration], toolset: str) -> list[Demonstration]:
    """Those that end with words after a tool of `toolset`. Raises EvaluationError where there are none."""
    fitting = [
        one
        for one in demonstrations
        if one.toolsets == (toolset,) and one.trajectory.answer and one.trajectory.messages[-2]["role"] == "tool"
    ]
    if not fitting:
        raise EvaluationError(f"no demonstration ends with what the tools of {toolset} returned", "demonstrations")
    return fitting


def figures(told: Sequence[Told]) -> dict[str, float | None]:
    """Shares from 0 to 1."""
    return {
        "ended": share([each.reply is not None for each in told]),
        "exact": share([each.exact for each in told]),
        "told": mean(each.told for each in told),
        "grounded": mean(each.grounded for each in told),
    }
