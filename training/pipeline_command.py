"""`dualtune train TOOLSET`, or `dualtune train run TOOLSET`: every stage, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from toolsets.console import stderr, tell
from training.console import one_line_errors, print_json, settings_with
from training.deploy import deploy
from training.display import Display
from training.errors import TrainingError
from training.interrupt import stop_on_signal
from training.lookup import find_toolset
from training.options import (
    CACHE_GIB,
    GIB,
    AdapterNames,
    AsJson,
    CacheGib,
    HoldOut,
    Model,
    OnlyMissing,
    ServerUrl,
    Set,
    StoreFolder,
    TestTasks,
    Toolsets,
    hyperparameters,
)
from training.phrasings import read_templates
from training.pipeline import Pipeline, Plan
from training.report import write_report
from training.run import RunFolder, RunManifest
from training.setup import load_base, missing, select_targets
from training.split import TEST_TASKS
from training.teacher.commands import AT_ONCE, COUNT, MODEL, AtOnce, PriceIn, PriceOut, TeacherModel, ToolsetName
from training.teacher.stages import teacher_of


def run(
    toolset: ToolsetName,
    run: Annotated[
        Path | None,
        typer.Option(help="The run's folder, new or that of a run to go on with.", show_default="runs/TOOLSET"),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            min=1,
            help="Requests for each tool; without a cloud teacher, for each tool on the average.",
        ),
    ] = COUNT,
    teacher_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Let a model behind the OpenAI API teach; its key is in DUALTUNE_TEACHER_KEY or OPENAI_API_KEY.",
            show_default="hand-written requests, no model",
        ),
    ] = None,
    teacher_model: TeacherModel = MODEL,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    at_once: AtOnce = AT_ONCE,
    queries: Annotated[
        Path | None,
        typer.Option(
            help="Where the requests of a cloud teacher are kept: those that are there already count.",
            show_default="in the run's folder",
        ),
    ] = None,
    adapter: AdapterNames = None,
    only_missing: OnlyMissing = False,
    set_: Set = None,
    test_tasks: TestTasks = TEST_TASKS,
    hold_out: HoldOut = None,
    cache_gib: CacheGib = CACHE_GIB,
    model: Model = None,
    toolsets: Toolsets = None,
    adapters: StoreFolder = None,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make trajectories of a toolset, train its adapters from them, and install these in the store.

    Ctrl-C stops after the current step; the same command goes on from there.

        dualtune train filesystem --run runs/filesystem --count 200
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        settings = settings_with(model=model, toolsets=toolsets, adapters=adapters)
        found, manifest = find_toolset(toolset, settings.toolsets)
        values = hyperparameters(set_ or ())
        if teacher_url is None and (queries, price_in, price_out) != (None, None, None):
            raise TrainingError("--queries and prices are for a cloud teacher: give --teacher-url too", "teacher_url")
        teacher = teacher_of(teacher_url, teacher_model, price_in, price_out, at_once) if teacher_url else None
        base = load_base(settings)
        targets = select_targets({toolset: found}, adapter or ())
        if only_missing and not (targets := missing(targets, {toolset: found}, base, settings)):
            tell(f"{toolset}: the store has every adapter, for the tools as they are")
            if as_json:
                print_json({"adapters": {}})
            return
        folder = run or Path("runs", toolset)
        plan = Plan(
            toolset=found,
            manifest=manifest,
            teacher=teacher,
            count=count,
            seed=values.seed,
            targets=targets,
            base=base,
            hyperparameters=values,
            folder=folder,
            cache_bytes=int(cache_gib * GIB),
            test_tasks=test_tasks,
            held_out=read_templates(hold_out),
            queries=queries,
        )
        with Display(stderr()) as display:
            made = Pipeline(plan, settings, display, should_stop).run()
        _show(made)
        tell(f"report: {write_report(folder)}")
        deploy(RunFolder(folder).adapters(), settings, server)
    if as_json:
        print_json(made.model_dump(mode="json"))


def _show(manifest: RunManifest) -> None:
    """What every adapter learnt from, and how well, on examples whose wordings it was not trained on."""
    names = Column("adapter", no_wrap=True, min_width=max(map(len, manifest.adapters), default=0))
    table = Table(names, "examples", "loss", "exact", "seconds", box=None, pad_edge=False)
    for name, trained in manifest.adapters.items():
        loss, exact = trained.metrics.get("validation_loss"), trained.metrics.get("validation_exact")
        table.add_row(
            name,
            f"{trained.examples:,}",
            "" if loss is None else f"{loss:.4f}",
            "" if exact is None else f"{exact:.1%}",
            f"{trained.seconds:,.0f}",
        )
    stderr().print(table)
    for name in manifest.without_examples:
        tell(f"{name}: not trained: no trajectory has an example for it")
