"""`dualtune train`: from trajectories to served adapters, one stage a command."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer
from rich.console import Console

from adapters import Role
from adapters.files import write_whole
from server.settings import Settings
from toolsets.console import stderr, tell
from training.console import one_line_errors, print_json, settings_with
from training.demonstrations import demonstrations
from training.deploy import deploy
from training.display import Display
from training.examples import Example, Renderer
from training.fit import Fit
from training.inspection import as_json as example_as_json
from training.inspection import coloured, legend
from training.install_commands import install, mean
from training.interrupt import stop_on_signal
from training.job import Job
from training.mixing import mix
from training.options import (
    CACHE_GIB,
    GIB,
    AdapterNames,
    AsJson,
    CacheGib,
    HoldOut,
    MaxTokens,
    Model,
    OnlyMissing,
    Seed,
    ServerUrl,
    Set,
    StoreFolder,
    TestTasks,
    Toolsets,
    hyperparameters,
)
from training.phrasings import read_templates
from training.pipeline_command import run
from training.report import write_report
from training.run import RunFolder
from training.settings import Hyperparameters
from training.setup import load_base, missing, read_trajectories, select_targets, starts
from training.split import TEST_TASKS, VALIDATION_SHARE, split, write_split
from training.teacher.commands import queries, trajectories
from training.trajectory import write_demonstrations

_DEFAULTS = Hyperparameters()

Files = Annotated[list[Path], typer.Argument(help="Files of trajectories (JSON lines).")]


class _Stages(typer.core.TyperGroup):
    """Stages by their names. What is no stage is a toolset, to be trained from the first stage to the last."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])


app = typer.Typer(
    cls=_Stages,
    help="Train adapters: a selector for a toolset, and one for the arguments of each of its tools. "
    "`dualtune train TOOLSET` stands for `dualtune train run TOOLSET`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
for command in (run, queries, trajectories, demonstrations):
    app.command()(command)


@app.command("split")
def split_command(
    files: Files,
    out: Annotated[Path | None, typer.Option(help="Write the ids of each side to this file.")] = None,
    seed: Seed = 0,
    test_tasks: TestTasks = TEST_TASKS,
    hold_out: HoldOut = None,
    validation_share: Annotated[float, typer.Option(min=0, max=1, help="Of what is not tested.")] = VALIDATION_SHARE,
    toolsets: Toolsets = None,
) -> None:
    """Show what is trained on, validated on and tested on; no wording is on two sides. Prints JSON."""
    with one_line_errors():
        found = read_trajectories(files, settings_with(toolsets=toolsets))
        sides = split(
            found.demonstrations,
            seed=seed,
            test_tasks=test_tasks,
            held_out=read_templates(hold_out),
            validation_share=validation_share,
        )
        if out is not None:
            write_split(out, sides)
    tools = {demonstration.id: demonstration.tool or "none" for demonstration in found.demonstrations}
    print_json(
        {
            side: {"tasks": len(ids), "tools": dict(sorted(Counter(tools[id] for id in ids).items()))}
            for side, ids in sides
            if side != "seed"
        }
    )


@app.command("mix")
def mix_command(
    files: Files,
    out: Annotated[Path, typer.Option(help="The file to write (JSON lines).")],
    seed: Seed = 0,
    toolsets: Toolsets = None,
) -> None:
    """Make trajectories of several toolsets into what a router learns from: as many of each toolset.

    Each gets any of the system prompts, and some go on from a conversation about another toolset.

        dualtune train mix git.jsonl time.jsonl --out mixed.jsonl
        dualtune train fit mixed.jsonl --adapter router --run FOLDER
    """
    with one_line_errors():
        found = read_trajectories(files, settings_with(toolsets=toolsets))
        mixed = mix(found.demonstrations, seed)
        write_demonstrations(out, mixed)
    tell(f"{out}: {len(mixed)} trajectories, as many for each of {', '.join(found.toolsets)}")


@app.command()
def examples(
    files: Files,
    out: Annotated[Path | None, typer.Option(help="Write the labelled examples to this file (JSON lines).")] = None,
    adapter: AdapterNames = None,
    model: Model = None,
    toolsets: Toolsets = None,
    max_tokens: MaxTokens = _DEFAULTS.max_tokens,
) -> None:
    """Render the examples of all trajectories and count what each adapter learns from. Prints JSON."""
    with one_line_errors():
        learnt, left_out = _learnt(files, adapter, settings_with(model=model, toolsets=toolsets), max_tokens)
        if out is not None:
            lines = [
                json.dumps({"adapter": name, **example_as_json(example, role)}, ensure_ascii=False)
                for name, (role, ours) in learnt.items()
                for example in ours
            ]
            write_whole(out, "".join(f"{line}\n" for line in lines))
    counts = {
        name: {
            "examples": len(ours),
            "tokens": sum(map(len, ours)),
            "learnt_tokens": sum(sum(example.mask(role)) for example in ours),
        }
        for name, (role, ours) in learnt.items()
    }
    print_json({"adapters": counts, "left_out": left_out})


@app.command()
def inspect(
    files: Files,
    adapter: AdapterNames = None,
    count: Annotated[int, typer.Option(min=1, help="How many examples of each adapter.")] = 1,
    seed: Seed = 0,
    model: Model = None,
    toolsets: Toolsets = None,
    max_tokens: MaxTokens = _DEFAULTS.max_tokens,
    as_json: AsJson = False,
) -> None:
    """Show examples, drawn at random, as the model sees them: what the loss is computed over stands on green."""
    with one_line_errors():
        learnt, _ = _learnt(files, adapter, settings_with(model=model, toolsets=toolsets), max_tokens)
    console = Console(highlight=False)
    for name, (role, ours) in learnt.items():
        for example in Random(seed).sample(ours, min(count, len(ours))):
            if as_json:
                typer.echo(json.dumps({"adapter": name, **example_as_json(example, role)}, ensure_ascii=False))
                continue
            console.rule(name)
            console.print(coloured(example, role))
            console.print(legend(example, role))


@app.command()
def fit(
    files: Files,
    run: Annotated[Path, typer.Option(help="The run's folder, new or that of a run to go on with.")],
    adapter: AdapterNames = None,
    only_missing: OnlyMissing = False,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Train adapters further that lie here: the folder `adapters` of a run, or a base model's in the "
            "store. With shared_epochs, argument adapters of a toolset that has none here start from those of others."
        ),
    ] = None,
    set_: Set = None,
    test_tasks: TestTasks = TEST_TASKS,
    hold_out: HoldOut = None,
    cache_gib: CacheGib = CACHE_GIB,
    model: Model = None,
    toolsets: Toolsets = None,
    adapters: StoreFolder = None,
    install: Annotated[bool, typer.Option("--install", help="Copy the adapters to the store at the end.")] = False,
    server: ServerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Train adapters from trajectories, one after the other.

    Ctrl-C stops after the current step; the same command goes on from there. On several GPUs start it by
    `accelerate launch`.

        dualtune train fit trajectories.jsonl --run runs/filesystem --set epochs=2 --install
    """
    with one_line_errors(), stop_on_signal(tell) as should_stop:
        settings = settings_with(model=model, toolsets=toolsets, adapters=adapters)
        found = read_trajectories(files, settings)
        base = load_base(settings)
        chosen = hyperparameters(set_ or ())
        targets = select_targets(found.toolsets, adapter or ())
        if only_missing:
            targets = missing(targets, found.toolsets, base, settings)
        job = Job(
            demonstrations=found.demonstrations,
            trajectories=found.digests,
            toolsets=found.toolsets,
            targets=targets,
            base=base,
            hyperparameters=chosen,
            folder=run,
            cache_bytes=int(cache_gib * GIB),
            test_tasks=test_tasks,
            held_out=read_templates(hold_out),
            start=starts(targets, start, base, share=chosen.shared_epochs > 0) if start is not None else {},
        )
        with Display(stderr()) as display:
            manifest = Fit(job, display, should_stop).run()
        for name in manifest.without_examples:
            tell(f"{name}: not trained: no trajectory has an example for it")
        tell(f"report: {write_report(run)}")
        if install or server:
            deploy(RunFolder(run).adapters(), settings, server)
    if as_json:
        print_json(manifest.model_dump(mode="json"))


@app.command()
def report(run: Annotated[Path, typer.Argument(help="The run's folder.")]) -> None:
    """Write a run's page anew: what it was made of, what each adapter learnt, and what took how long."""
    with one_line_errors():
        typer.echo(write_report(run))


app.command()(install)
app.command()(mean)


def _learnt(
    files: list[Path], names: list[str] | None, settings: Settings, max_tokens: int
) -> tuple[dict[str, tuple[Role, list[Example]]], dict[str, int]]:
    """What each adapter learns from, and what was left out, by reason."""
    found = read_trajectories(files, settings)
    renderer = Renderer(load_base(settings).template, found.toolsets, max_tokens)
    rendered = [example for demonstration in found.demonstrations for example in renderer.examples(demonstration)]
    return {
        target.name: (target.role, [e for e in rendered if target.learns(e.label, e.toolset, e.tool)])
        for target in select_targets(found.toolsets, names or ())
    }, dict(renderer.left_out)
