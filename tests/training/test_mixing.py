"""What a router learns from: trajectories that do not give their toolset away but by what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typer.testing import CliRunner

from server.wire.history import read_messages
from server.wire.messages import WireMessage
from tests.server.toy import FILES, MAIL
from tests.training.world import demonstration
from toolsets import Registry, Toolset
from toolsets.registry import PACKAGED
from training.commands import app
from training.errors import TrainingError
from training.mixing import mix
from training.trajectory import Demonstration, read_demonstrations, write_demonstrations

CALL = ("read", '{"path":"a"}', "hello")


def some(toolset: Toolset, count: int, system: str) -> list[Demonstration]:
    """Of each the request names the toolset, so that one can tell whose it is."""
    made = [
        demonstration(f"{toolset.name}{n}", CALL, task=f"{toolset.name} {n}", toolset=toolset) for n in range(count)
    ]
    return [_prompted(one, system) for one in made]


def _prompted(one: Demonstration, system: str) -> Demonstration:
    opening = ({"role": "system", "content": system}, *one.trajectory.opening[1:])
    return one.model_copy(update={"trajectory": replace(one.trajectory, opening=opening)})


TOGETHER = [*some(FILES, 60, "You know files."), *some(MAIL, 90, "You know mail.")]


def asked(one: Demonstration) -> list[str]:
    """The toolsets that the user's messages are about, in their order."""
    return [said["content"].split()[0] for said in one.trajectory.opening if said["role"] == "user"]


def prompts(some: Sequence[Demonstration]) -> Counter[str | None]:
    first = [one.trajectory.opening[0] for one in some]
    return Counter(message["content"] if message["role"] == "system" else None for message in first)


@given(seed=st.integers(0, 1000))
def test_each_toolset_comes_as_often_and_the_last_request_is_its_own(seed: int) -> None:
    mixed = mix(TOGETHER, seed)
    assert Counter(one.toolsets for one in mixed) == {("files",): 60, ("mail",): 60}
    assert len({one.id for one in mixed}) == 120
    assert {one.template for one in mixed} <= {one.template for one in TOGETHER}
    for one in mixed:
        assert (asked(one)[-1],) == one.toolsets


def test_a_system_prompt_says_nothing_of_the_toolset() -> None:
    mixed = mix(TOGETHER, 1)
    found = prompts(mixed)
    assert {None, "You know files.", "You know mail."} < found.keys(), "there is the agent's own, too"
    for name in ("files", "mail"):
        own = prompts([one for one in mixed if one.toolsets == (name,)])
        assert own["You know files."] > 0 < own["You know mail."]


def test_some_go_on_from_a_conversation_about_another_toolset_that_a_server_would_accept() -> None:
    mixed = mix(TOGETHER, 1)
    continued = [one for one in mixed if len(asked(one)) > 1]
    assert 30 < len(continued) < 66
    for one in continued:
        assert len(set(asked(one))) == 2
        said = list(one.trajectory.messages)
        read_messages(TypeAdapter(list[WireMessage]).validate_python(said), {})
        ids = [call["id"] for message in said for call in message.get("tool_calls", ())]
        assert len(set(ids)) == len(ids) == 2


def test_the_same_seed_mixes_the_same_and_another_does_not() -> None:
    assert mix(TOGETHER, 1) == mix(TOGETHER, 1) != mix(TOGETHER, 2)


def test_what_cannot_be_chosen_among_is_refused() -> None:
    with pytest.raises(TrainingError, match="of one toolset"):
        mix(some(FILES, 3, "x"), 1)
    offered = replace(TOGETHER[0].trajectory, toolsets={"files": "1", "mail": "2"})
    with pytest.raises(TrainingError, match="both was offered 2 toolsets"):
        mix([*TOGETHER, TOGETHER[0].model_copy(update={"id": "both", "trajectory": offered})], 1)


def test_the_command_writes_what_a_router_is_trained_on(tmp_path: Path) -> None:
    shipped: dict[str, Any] = dict(Registry.load(PACKAGED).toolsets)
    for name in ("git", "time"):
        write_demonstrations(tmp_path / f"{name}.jsonl", some(shipped[name], 4, name))
    words = ["mix", str(tmp_path / "git.jsonl"), str(tmp_path / "time.jsonl"), "--out", str(tmp_path / "mixed.jsonl")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "8 trajectories, as many for each of git, time" in result.output
    assert read_demonstrations(tmp_path / "mixed.jsonl") == mix(
        [*read_demonstrations(tmp_path / "git.jsonl"), *read_demonstrations(tmp_path / "time.jsonl")], 0
    )
    result = CliRunner().invoke(app, ["mix", str(tmp_path / "git.jsonl"), "--out", str(tmp_path / "one.jsonl")])
    assert (result.exit_code, (tmp_path / "one.jsonl").exists()) == (1, False)
