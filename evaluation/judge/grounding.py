"""Does an answer say only what is known? A small model may repeat what the tools returned, or invent it.

    grounded    facts of the answer that stand in what was said before / facts of the answer

Facts are numbers, paths and names with a dot in them. Whether they are said of the right thing is not looked at, nor
whether the answer says all that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluation.judge.measures import share
from toolsets.trajectory import Message, Trajectory

_NUMBERING = re.compile(r"^\d+\. ", re.MULTILINE)
_TOKEN = re.compile(r"[^\s,;:()\[\]{}\"'`“”„‘’«»|]+")
_FACT = re.compile(r"\d|/|\w\.\w")


def grounded(trajectory: Trajectory) -> float | None:
    """From 0 to 1; None where no tool was called, or the answer has no facts."""
    if not trajectory.answer or not trajectory.calls:
        return None
    return known(facts(trajectory.answer), trajectory.messages[:-1])


def facts(text: str) -> list[str]:
    """The facts of a text, in their order; the numbers of a numbered list are none."""
    tokens = (token.rstrip(".!?*_") for token in _TOKEN.findall(_NUMBERING.sub("", text)))
    return [token for token in tokens if _FACT.search(token)]


def known(stated: Sequence[str], messages: Sequence[Message]) -> float | None:
    """The share of facts that stand in messages or in the arguments of their calls, from 0 to 1; None without any."""
    heard = "\n".join(text for message in messages for text in _texts(message))
    return share([fact in heard for fact in stated])


def _texts(message: Message) -> list[str]:
    calls = message.get("tool_calls") or ()
    return [str(message.get("content") or ""), *(call["function"]["arguments"] for call in calls)]
