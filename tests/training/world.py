"""Demonstrations and rows to train on, and a base model that is tiny and random."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from server.prompt import Label
from tests.server.toy import FILES, tokenizer
from toolsets import Toolset
from toolsets.result import ToolResult
from toolsets.trajectory import Call, Observation, Outcome, Reply, Step, Trajectory
from training.samples import Prefix, Row, Sample
from training.trajectory import OFFLINE, Demonstration

INVOCATION = (60, 61)
VOCABULARY = 64

Planned = tuple[str, str, str]
"""A tool, its arguments as text, and its result."""


def demonstration(
    id: str = "one",
    *calls: Planned | list[Planned],
    task: str = "Look into a.txt",
    template: str | None = None,
    tool: str | None = "read",
    toolset: Toolset = FILES,
    outcome: Outcome = "answered",
) -> Demonstration:
    """A run in which the calls were made one after the other; several in a list were made at once."""
    steps = []
    for number, entry in enumerate(calls):
        together = entry if isinstance(entry, list) else [entry]
        made = [
            Observation(Call(f"call_{number}_{n}", name, arguments), toolset.name, name, ToolResult(result))
            for n, (name, arguments, result) in enumerate(together)
        ]
        steps.append(Step(Reply("I shall.", tuple(seen.call for seen in made)), tuple(made)))
    if outcome == "answered":
        steps.append(Step(Reply("Done.")))
    trajectory = Trajectory(
        model=OFFLINE,
        base_url="",
        toolsets={toolset.name: toolset.digest},
        opening=({"role": "system", "content": "Help."}, {"role": "user", "content": task}),
        started="2026-01-02T00:00:00+00:00",
        seconds=1.0,
        outcome=outcome,
        steps=tuple(steps),
    )
    return Demonstration(
        id=id, template=template or id, tool=tool, workspace="home-small-1", verified=True, trajectory=trajectory
    )


def read(path: str, result: str = "text") -> Planned:
    return "read", f'{{"path":"{path}"}}', result


def files_demonstrations(count: int) -> list[Demonstration]:
    """Tasks for both tools of the toolset `files`, of which the words tell what is to be called."""
    made = []
    for number in range(count):
        if number % 2:
            made.append(demonstration(f"all-{number}", ("read_all", "{}", "x"), task="Read all", tool="read_all"))
        else:
            path = f"{'abc'[number % 3]}.txt"
            made.append(demonstration(f"read-{number}", read(path, "x"), task=f"Read {path}"))
    return made


def row(numbers: random.Random, *, length: int, samples: int, learnable: bool = False) -> Row:
    """A row of random tokens below the invocation's. What is `learnable` is written by one simple rule."""
    prefix = Prefix(array("i", numbers.choices(range(INVOCATION[0]), k=length)))
    made = []
    for _ in range(samples):
        start = numbers.randint(1, length)
        suffix = (*INVOCATION, *numbers.choices(range(INVOCATION[0]), k=numbers.randint(0, 3)))
        written = numbers.choices(range(INVOCATION[0]), k=numbers.randint(1, 5))
        if learnable:
            written = [7, 8, 9]
        made.append(Sample(prefix, start, suffix, tuple(written), Label.TOOL_NAME, None, None))
    return Row(prefix, tuple(made))


def rows(seed: int, count: int, *, learnable: bool = False) -> list[Row]:
    numbers = random.Random(seed)
    return [
        row(numbers, length=numbers.randint(1, 40), samples=numbers.randint(1, 3), learnable=learnable)
        for _ in range(count)
    ]


def tiny_llama(vocabulary: int = VOCABULARY) -> Any:
    """Two layers with shared key heads, in float32."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            tie_word_embeddings=False,
            initializer_range=0.5,  # The head stays as it is: it must be able to tell tokens apart.
        )
    )


def write_checkpoint(folder: Path) -> Path:
    """A tiny model with a tokenizer of bytes, as a checkpoint."""
    words = tokenizer("chatml")
    tiny_llama(len(words)).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def ids(rows: Iterable[Row]) -> list[list[int]]:
    """The tokens of every sample, in order."""
    return [
        [*sample.prefix.ids[: sample.start], *sample.suffix, *sample.written] for row in rows for sample in row.samples
    ]


def added(weights: Mapping[str, Any], below: str, scale: float) -> Any:
    """What an adapter adds to the weights of a layer, whose lower matrix is named `below`: [out, in]."""
    above = weights[below.replace(".lora_A.", ".lora_B.")]
    return scale * (above.float() @ weights[below].float())
