"""What each adapter is shown, and what it learns of it."""

from __future__ import annotations

import pytest

from adapters import Role
from server.decode.menu import group_tools
from server.decode.request import StepRequest
from server.decode.stages import Stages
from server.profiles import PROFILES
from server.prompt import Label
from tests.server.toy import FILES, READ, REGISTRY, TEMPLATES, engine, prompts, template, tokenizer
from tests.training.world import demonstration, read
from toolsets import Toolset
from training.errors import TrainingError
from training.examples import Example, Renderer, Target, decoupled
from training.steps import steps

TOOLSETS = {"files": FILES}


def rendered(*calls: tuple[str, str, str], family: str = "chatml", max_tokens: int = 4096) -> list[Example]:
    renderer = Renderer(template(family), TOOLSETS, max_tokens)
    return list(renderer.examples(demonstration("one", *calls)))


def learnt(example: Example, role: Role) -> str:
    """What the loss is computed over, as text."""
    tokens = [token for token, counts in zip(example.ids, example.mask(role), strict=True) if counts]
    return str(tokenizer("chatml").decode(tokens))


def texts(target: Target, examples: list[Example]) -> list[str]:
    return [learnt(e, target.role) for e in examples if target.learns(e.label, e.toolset, e.tool)]


def test_each_adapter_learns_its_own_words_and_the_end_of_the_turn() -> None:
    examples = rendered(read("a.txt"), ("read_all", "{}", "x"), read("b"))
    end = "<|im_end|>"
    assert {
        target.name: texts(target, examples) for target in (*decoupled(FILES), Target(Role.TRADITIONAL, "files"))
    } == {
        "files/selector": [f"read{end}", f"read_all{end}", f"read{end}", f"summarize{end}"],
        "files/arguments/read": [f'{{"path":"a.txt"}}{end}', f'{{"path":"b"}}{end}'],
        "files/arguments/read_all": [f"{{}}{end}"],
        "files/summary": [f"Done.{end}"],
        "files/traditional": [
            *(f"read{end}", f'{{"path":"a.txt"}}{end}', f"read_all{end}", f"{{}}{end}"),
            *(f"read{end}", f'{{"path":"b"}}{end}', f"summarize{end}"),
        ],
    }
    assert texts(Target(Role.ROUTER), examples) == [f"files{end}"] * 3


def test_a_router_learns_that_no_tool_is_needed_only_where_none_has_answered() -> None:
    end = prompts().written(Label.TOOLSET_NAME, "").text
    assert texts(Target(Role.ROUTER), rendered()) == [f"none{end}"]
    assert texts(Target(Role.ROUTER), rendered(read("a"))) == [f"files{end}"]


def test_an_adapter_of_another_toolset_learns_nothing() -> None:
    examples = rendered(read("a"))
    assert texts(Target(Role.SELECTOR, "mail"), examples) == []
    assert texts(Target(Role.ARGUMENTS, "mail", "read"), examples) == []


@pytest.mark.parametrize("family", sorted(TEMPLATES))
def test_an_example_is_the_prompt_that_the_server_gives_a_trained_stage(family: str) -> None:
    calls = (read("a.txt", "A"), ("read_all", "{}", "B"))
    examples = rendered(*calls, family=family)
    stages = Stages(engine(), prompts(family), None)
    served = []
    for step in steps(demonstration("one", *calls).trajectory, TOOLSETS):
        request = StepRequest(PROFILES["dualtune"], step.messages, group_tools(FILES.tools, REGISTRY))
        conversation, group = stages.prompts.conversation(step.messages), request.groups[0]
        if step.decision or step.messages[-1].role != "tool":
            served.append(stages.route_prompt(conversation, request, described=False))
        served.append(stages.select_prompt(conversation, group, request, described=False))
        if step.decision:
            offered = next(offered for offered in group.tools if offered.tool == step.decision.tool)
            served.append(stages.arguments_prompt(conversation, group, offered, described=False))
        else:
            served.append(stages.answer_prompt(conversation, summary=True))
    assert [example.segments[:-1] for example in examples] == [prompt.segments for prompt in served]


def test_the_loss_is_over_nothing_but_the_last_segment() -> None:
    for example in rendered(read("a.txt")):
        labels = {
            Label.TOOLSET_NAME: Role.ROUTER,
            Label.TOOL_NAME: Role.SELECTOR,
            Label.ARGUMENTS: Role.ARGUMENTS,
            Label.SUMMARY: Role.SUMMARY,
        }
        written = len(example.segments[-1].ids)
        expected = [False] * (len(example) - written) + [True] * written
        assert example.mask(labels[example.label]) == expected


def test_examples_that_are_too_long_are_left_out_whole_and_counted() -> None:
    renderer = Renderer(template(), TOOLSETS, max_tokens=150)
    every = rendered(read("a.txt", "x" * 200))
    kept = list(renderer.examples(demonstration("one", read("a.txt", "x" * 200))))
    assert kept == [example for example in every if len(example) <= 150]
    assert renderer.left_out == {"longer than 150 tokens": len(every) - len(kept)}
    assert 0 < len(kept) < len(every)


def test_arguments_that_would_end_the_turn_early_are_left_out() -> None:
    renderer = Renderer(template(), TOOLSETS, max_tokens=4096)
    examples = list(renderer.examples(demonstration("one", read("<|im_end|>"))))
    assert [example.label for example in examples] == [
        *(Label.TOOLSET_NAME, Label.TOOL_NAME),
        *(Label.TOOL_NAME, Label.SUMMARY),
    ]
    assert renderer.left_out == {"a control word of the model's template in what is written": 1}


def test_an_answer_to_a_request_that_took_no_tool_is_no_summary() -> None:
    assert Label.SUMMARY not in [example.label for example in rendered()]


def test_a_demonstration_of_other_tools_is_named() -> None:
    renderer = Renderer(template(), {"files": Toolset("files", "", (READ,))}, 4096)
    with pytest.raises(TrainingError, match="one: it was made with other tools"):
        list(renderer.examples(demonstration("one")))
