"""`dualtune train queries` and `dualtune train trajectories`: the cloud teacher's stages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from toolsets.console import stderr, tell
from toolsets.sandbox import best_backend
from training.console import one_line_errors, print_json, settings_with
from training.display import Display
from training.interrupt import stop_on_signal
from training.lookup import find_toolset
from training.options import AsJson, Seed, Toolsets
from training.teacher.performing import LIMITS
from training.teacher.places import Subject
from training.teacher.stages import ask, perform, teacher_of

URL = "https://api.openai.com/v1"
MODEL = "gpt-5-mini"

ToolsetName = Annotated[str, typer.Argument(metavar="TOOLSET", help="The toolset, for example filesystem.")]
TeacherUrl = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Any endpoint of the OpenAI API; its key is in DUALTUNE_TEACHER_KEY or OPENAI_API_KEY.",
    ),
]
TeacherModel = Annotated[str, typer.Option(metavar="MODEL", help="The teacher's id there.")]
PriceIn = Annotated[float | None, typer.Option(min=0, help="Price of a million tokens that the teacher reads.")]
PriceOut = Annotated[float | None, typer.Option(min=0, help="Price of a million tokens that it writes.")]
AtOnce = Annotated[int, typer.Option(min=1, max=64, help="Requests to the teacher at the same time.")]
MaxSteps = Annotated[int, typer.Option(min=1, help="Replies that the teacher may give to carry one request out.")]

AT_ONCE = 8
COUNT = 1000
"""Requests for each tool (DualTune, section 4.1.1)."""


def queries(
    toolset: ToolsetName,
    out: Annotated[Path, typer.Option(help="The file, new or one to go on with (JSON lines).")],
    count: Annotated[int, typer.Option(min=1, help="Requests for each tool; as many need several, or none.")] = COUNT,
    teacher_url: TeacherUrl = URL,
    teacher_model: TeacherModel = MODEL,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    at_once: AtOnce = AT_ONCE,
    seed: Seed = 0,
    toolsets: Toolsets = None,
    as_json: AsJson = False,
) -> None:
    """Let a cloud teacher write requests of users. Every answer is kept: Ctrl-C stops, the same command goes on.

    dualtune train queries filesystem --count 100 --out queries.jsonl
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        teacher = teacher_of(teacher_url, teacher_model, price_in, price_out, at_once)
        subject = Subject(*find_toolset(toolset, settings_with(toolsets=toolsets).toolsets), best_backend())
        with Display(stderr()) as display:
            asking = ask(subject, teacher, out, count, seed, display, should_stop)
    if as_json:
        harvest = asking.harvest
        print_json(
            {
                "queries": harvest.counts(),
                "discarded": dict(harvest.discarded.most_common()),
                "answers": harvest.batches,
                "new_answers": asking.new_batches,
                "tokens": harvest.usage.model_dump(),
                "cost": teacher.price.of(harvest.usage) if teacher.price else None,
            }
        )


def trajectories(
    toolset: ToolsetName,
    queries: Annotated[Path, typer.Argument(help="A file that `dualtune train queries` made.")],
    out: Annotated[Path, typer.Option(help="The file, new or one to go on with (JSON lines).")],
    teacher_url: TeacherUrl = URL,
    teacher_model: TeacherModel = MODEL,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    at_once: AtOnce = AT_ONCE,
    max_steps: MaxSteps = LIMITS.max_steps,
    toolsets: Toolsets = None,
    as_json: AsJson = False,
) -> None:
    """Let a cloud teacher carry requests out on the toolset's own server, each in a workspace of its own.

    Every answer is kept: Ctrl-C stops, the same command goes on.

        dualtune train trajectories filesystem queries.jsonl --out trajectories.jsonl
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        teacher = teacher_of(teacher_url, teacher_model, price_in, price_out, at_once)
        subject = Subject(*find_toolset(toolset, settings_with(toolsets=toolsets).toolsets), best_backend())
        with Display(stderr()) as display:
            performing = perform(
                subject, teacher, queries, out, replace(LIMITS, max_steps=max_steps), display, should_stop
            )
    if as_json:
        found = performing.found
        print_json(
            {
                "trajectories": len(found.demonstrations),
                "new": found.new,
                "discarded": dict(found.discarded.most_common()),
                "tokens": found.usage.model_dump(),
                "cost": teacher.price.of(found.usage) if teacher.price else None,
            }
        )
