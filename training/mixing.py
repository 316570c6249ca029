"""Trajectories of several toolsets as a router meets them: any system prompt, and other matters before this one.

A toolset's own trajectories give it away: their system prompts speak of it, and all that was said before is about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from toolsets.agent import opening
from toolsets.trajectory import Message
from training.errors import TrainingError
from training.trajectory import Demonstration

_WITHOUT_PROMPT = 0.4
_AGENTS_PROMPT = 0.3
"""The agent's own system prompt, which names a folder whatever the tools are; the rest have any of the toolsets'."""
_CONTINUED = 0.4
"""How many go on from a conversation about another toolset."""
_ROOTS = ("/home/user/files", "/home/ada/work", "/srv/projects", "/data", "/Users/noor/Documents")


def mix(demonstrations: Sequence[Demonstration], seed: int) -> list[Demonstration]:
    """As many of each toolset as of that which has the fewest, in turns.

    Raises TrainingError where there is one toolset only, and for a demonstration that was offered several.
    """
    random = Random(seed)
    by_toolset = _by_toolset(random.sample(demonstrations, len(demonstrations)))
    prompts = _system_prompts(demonstrations)

    def prompt() -> list[Message]:
        drawn = random.random()
        if drawn < _WITHOUT_PROMPT or not prompts:
            return []
        if drawn < _WITHOUT_PROMPT + _AGENTS_PROMPT:
            return [opening("", Path(random.choice(_ROOTS)))[0]]
        return [{"role": "system", "content": random.choice(prompts)}]

    def earlier(toolset: str) -> list[Message]:
        if random.random() >= _CONTINUED:
            return []
        other = random.choice([name for name in by_toolset if name != toolset])
        return list(_told_before(random.choice(by_toolset[other])))

    def mixed(toolset: str, one: Demonstration, number: int) -> Demonstration:
        begins = (*prompt(), *earlier(toolset), *_without_prompt(one.trajectory.opening))
        changed = {"id": f"mixed-{seed}-{number:07}", "trajectory": replace(one.trajectory, opening=begins)}
        return one.model_copy(update=changed)

    rows = zip(*by_toolset.values(), strict=False)  # until the shortest is used up
    turns = [(toolset, one) for row in rows for toolset, one in zip(by_toolset, row, strict=True)]
    return [mixed(toolset, one, number) for number, (toolset, one) in enumerate(turns)]


def _by_toolset(demonstrations: Iterable[Demonstration]) -> dict[str, list[Demonstration]]:
    found: dict[str, list[Demonstration]] = {}
    for one in demonstrations:
        if len(one.toolsets) != 1:
            raise TrainingError(
                f"{one.id} was offered {len(one.toolsets)} toolsets; give those of one each", "toolsets"
            )
        found.setdefault(one.toolsets[0], []).append(one)
    if len(found) < 2:
        raise TrainingError("these trajectories are of one toolset; give those of several, to choose among", "toolsets")
    return dict(sorted(found.items()))


def _system_prompts(demonstrations: Iterable[Demonstration]) -> list[str]:
    messages = (message for one in demonstrations for message in one.trajectory.opening)
    return sorted({message["content"] for message in messages if message["role"] == "system"})


def _without_prompt(messages: Iterable[Message]) -> Iterator[Message]:
    return (message for message in messages if message["role"] != "system")


def _told_before(one: Demonstration) -> Iterator[Message]:
    """The whole conversation; its calls get ids that the one after it has not."""
    for message in _without_prompt(one.trajectory.messages):
        if "tool_call_id" in message:
            yield {**message, "tool_call_id": f"before_{message['tool_call_id']}"}
        elif message.get("tool_calls"):
            calls = [{**call, "id": f"before_{call['id']}"} for call in message["tool_calls"]]
            yield {**message, "tool_calls": calls}
        else:
            yield message
