"""Selection by one model and arguments by another, on any servers (DualTune, section 3.4 and table 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolsets.chat import OpenAIModel
from toolsets.trajectory import Call, Message, Reply

BETWEEN = "+"
"""Between the ids of the two, in the name of the pair."""


@dataclass(frozen=True)
class TwoModels:
    """In each step one model is asked which tool to call, or to answer, and the other to call that tool.

    What the first wrote as arguments is dropped: both see the same conversation, with calls by the second only.
    """

    selector: OpenAIModel
    writer: OpenAIModel

    @property
    def model(self) -> str:
        return f"{self.selector.model}{BETWEEN}{self.writer.model}"

    @property
    def base_url(self) -> str:
        return self.selector.base_url

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        """Raises ModelError where either gives no answer. A writer that calls nothing is its own answer."""
        chosen = await self.selector.reply(messages, tools)
        if not chosen.calls:
            return chosen
        written = [await self.writer.reply(messages, tools, call.name) for call in chosen.calls]
        calls = [call for reply in written for call in reply.calls[:1]]
        return Reply(
            text=written[0].text,
            # Servers number the calls of a reply, and these are of several.
            calls=tuple(Call(f"call_{len(messages)}_{n}", call.name, call.arguments) for n, call in enumerate(calls)),
            finish=written[-1].finish,
            usage=_sum([chosen, *written]),
            stages=tuple(stage for stage in chosen.stages if stage.get("stage") != "arguments"),
            seconds=chosen.seconds + sum(reply.seconds for reply in written),
        )


def _sum(replies: Sequence[Reply]) -> Mapping[str, int] | None:
    """The tokens of all; None where one does not say."""
    total: Counter[str] = Counter()
    for reply in replies:
        if reply.usage is None:
            return None
        total.update({name: count for name, count in reply.usage.items() if isinstance(count, int)})
    return dict(total)
