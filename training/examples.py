"""Labelled examples: every step of a demonstration, rendered by the prompt module, and what each adapter learns of it.

A step gives up to three examples, one for each stage of the decode: the toolset, the tool (or `summarize`) and the
arguments, or the summary, are what is written. Masks follow from the labels of the segments (DualTune, section 4.1.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from adapters import Role
from server.chat_template import ChatTemplate
from server.constraints.schema import takes_nothing
from server.conversation import tool_answered
from server.prompt import NO_TOOLSET, SUMMARIZE, Label, Prompt, Prompts, Segment
from toolsets import Toolset
from training.errors import TrainingError
from training.steps import Step, steps
from training.trajectory import Demonstration

LEARNT: Mapping[Role, frozenset[Label]] = {
    Role.ROUTER: frozenset({Label.TOOLSET_NAME}),
    Role.SELECTOR: frozenset({Label.TOOL_NAME}),
    Role.ARGUMENTS: frozenset({Label.ARGUMENTS}),
    Role.SUMMARY: frozenset({Label.SUMMARY}),
    Role.TRADITIONAL: frozenset({Label.TOOL_NAME, Label.ARGUMENTS}),
}
"""The labels whose tokens an adapter's loss is computed over, the end of the turn after them included."""


@dataclass(frozen=True)
class Example:
    """One stage of one step: the conversation, the stage's suffix, and last what the model is to write.

    `toolset` says whose selector or argument adapter it is for, and is None for the router; `tool` whose arguments are
    written.
    """

    demonstration: str
    segments: tuple[Segment, ...]
    toolset: str | None = None
    tool: str | None = None

    @property
    def label(self) -> Label:
        return self.segments[-1].label

    @property
    def ids(self) -> list[int]:
        return [token for segment in self.segments for token in segment.ids]

    def mask(self, role: Role) -> list[bool]:
        """Whether the loss of an adapter of this role is computed over each of `ids`."""
        learnt = LEARNT[role]
        return [segment.label in learnt for segment in self.segments for _ in segment.ids]

    def __len__(self) -> int:
        return sum(len(segment.ids) for segment in self.segments)


@dataclass(frozen=True, order=True)
class Target:
    """An adapter to train, by the members that its manifest will have."""

    role: Role
    toolset: str | None = None
    tool: str | None = None

    @property
    def name(self) -> str:
        return "/".join(filter(None, (self.toolset, self.role.value, self.tool)))

    def learns(self, label: Label, toolset: str | None, tool: str | None) -> bool:
        """Whether examples of that label, toolset and tool are for this adapter."""
        return label in LEARNT[self.role] and toolset == self.toolset and self.tool in (None, tool)


def decoupled(toolset: Toolset) -> tuple[Target, ...]:
    """The adapters of decoupled fine-tuning: the selector, one for each tool's arguments, if any, and the summary's.

    The paper has the base model summarise; small ones repeat themselves and invent.
    """
    taking = (tool for tool in toolset.tools if not takes_nothing(tool.parameters))
    arguments = (Target(Role.ARGUMENTS, toolset.name, tool.name) for tool in taking)
    return (Target(Role.SELECTOR, toolset.name), *arguments, Target(Role.SUMMARY, toolset.name))


@dataclass
class Renderer:
    """Renders demonstrations for one model's template; `left_out` counts what cannot be learnt from, by reason.

    Examples of more than `max_tokens` are left out: cut, they would teach to answer what was not asked.
    """

    template: ChatTemplate
    toolsets: Mapping[str, Toolset]
    max_tokens: int
    left_out: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.prompts = Prompts(self.template)

    def examples(self, demonstration: Demonstration) -> Iterator[Example]:
        """The examples of a demonstration, step by step. Raises TrainingError when its tools are not `toolsets`."""
        try:
            for step in steps(demonstration.trajectory, self.toolsets):
                for prompt, label, text, toolset, tool in self._stages(step, demonstration.toolsets):
                    written = self.prompts.written(label, text)
                    example = Example(demonstration.id, (*prompt.segments, written), toolset, tool)
                    if (reason := self._unfit(example, text)) is None:
                        yield example
                    else:
                        self.left_out[reason] += 1
        except TrainingError as error:
            raise TrainingError(f"{demonstration.id}: {error.message}", error.field) from None

    def _stages(
        self, step: Step, offered: tuple[str, ...]
    ) -> Iterator[tuple[Prompt, Label, str, str | None, str | None]]:
        """For each stage the prompt, what is written, and whose toolset and tool it is about."""
        prompts, decision = self.prompts, step.decision
        conversation = prompts.conversation(step.messages)
        # Once a tool has answered, the router is not asked whether any is needed: that is for the selector to say.
        if decision or not tool_answered(step.messages):
            route = prompts.route(conversation, (), described=False)
            yield route, Label.TOOLSET_NAME, decision.toolset if decision else NO_TOOLSET, None, None
        # At the end, any of the toolsets on offer may have been the one that was asked last.
        for name in (decision.toolset,) if decision else offered:
            select = prompts.select(conversation, name, (), stop=True, described=False)
            yield select, Label.TOOL_NAME, decision.tool.name if decision else SUMMARIZE, name, None
        if decision and not takes_nothing(decision.tool.parameters):
            prompt = prompts.arguments(conversation, decision.tool, described=False)
            yield prompt, Label.ARGUMENTS, decision.arguments, decision.toolset, decision.tool.name
        if step.summary:
            yield prompts.summary(conversation), Label.SUMMARY, step.summary.text, step.summary.toolset, None

    def _unfit(self, example: Example, text: str) -> str | None:
        if len(example) > self.max_tokens:
            return f"longer than {self.max_tokens:,} tokens"
        if self.template.neutral(text) != text:
            return "a control word of the model's template in what is written"
        return None
