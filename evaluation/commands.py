"""`dualtune eval`: tasks, runs, judgements and reports."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from evaluation.benchmark_commands import answers, bfcl, langchain, requests, routes
from evaluation.console import one_line_errors, places, words
from evaluation.make_command import make_tasks
from evaluation.options import BaseUrl, Elsewhere, ElsewhereKey, Jobs, Key, MaxTokens, OutFolder, Sandbox
from evaluation.recipes import RECIPES, Figure, recipe
from evaluation.records import MAX_TOKENS, Results, Settings
from evaluation.tasks import digest, read_tasks
from toolsets.console import stderr, tell
from toolsets.sandbox import chosen_backend

app = typer.Typer(
    help="Measure how well models call tools: tasks, runs of the agent, ToolFit, a report.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command()
def run(
    tasks: Annotated[list[str], typer.Argument(help="Files of tasks, or names of shipped ones: filesystem-mcpbench.")],
    model: Annotated[
        str, typer.Option(help="Model ids, with commas between them; A+B: A selects tools, B writes arguments.")
    ] = "dualtune",
    out: OutFolder = Path("evaluation-results"),
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    elsewhere: Elsewhere = None,
    elsewhere_key: ElsewhereKey = "none",
    described: Annotated[bool, typer.Option(help="Give the tasks' descriptions, not the fuzzed queries.")] = False,
    offer: Annotated[
        str | None,
        typer.Option(
            help="Toolsets whose tools are offered, with commas between them.", show_default="those of the tasks"
        ),
    ] = None,
    paper_tools: Annotated[bool, typer.Option(help="Of these toolsets, only the tools that the paper has.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many tasks of each file.")] = None,
    max_steps: Annotated[int, typer.Option(min=1, help="Replies that the model may give.")] = 20,
    max_seconds: Annotated[float, typer.Option(min=1, help="Time for a task.")] = 600.0,
    max_tokens: MaxTokens = MAX_TOKENS,
    max_characters: Annotated[int, typer.Option(min=100, help="How much of a result the model is shown.")] = 20_000,
    jobs: Jobs = 2,
    sandbox: Sandbox = None,
) -> None:
    """Run the agent over tasks, with each model, in sandboxes.

    Every run is written as it ends: stop at any time, and the same command goes on. Ends with status 0 when
    every run got its answers.

        dualtune eval run filesystem-mcpbench --model dualtune,dualtune-base --out results
    """
    from evaluation.experiment import conduct

    with one_line_errors():
        chosen = tuple(task for name in tasks for task in read_tasks(name)[:limit])
        settings = Settings(
            tasks=digest(chosen),
            base_url=base_url,
            models=words(model),
            elsewhere=places(elsewhere or ()),
            described=described,
            offered=words(offer) if offer else tuple(dict.fromkeys(task.toolset for task in chosen)),
            paper_tools=paper_tools,
            max_steps=max_steps,
            max_seconds=max_seconds,
            max_tokens=max_tokens,
            max_characters=max_characters,
        )
        unanswered = conduct(
            out, chosen, settings, chosen_backend(sandbox), jobs, api_key=api_key, elsewhere_key=elsewhere_key
        )
        _tell_unanswered(unanswered)
        tell(f"now: dualtune eval report {out}")
        raise typer.Exit(1 if unanswered else 0)


@app.command("recipe")
def carry_out_recipe(
    name: Annotated[str, typer.Argument(help=f"{', '.join(RECIPES)}.")],
    model: Annotated[
        str, typer.Option(help="Model ids, with commas; figure2 has its own, table2 needs two.")
    ] = "dualtune,dualtune-flat",
    out: OutFolder = Path("evaluation-results"),
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    elsewhere: Elsewhere = None,
    elsewhere_key: ElsewhereKey = "none",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many tasks of each file.")] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="At most so many steps a task, where the recipe has more.")
    ] = None,
    max_tokens: MaxTokens = MAX_TOKENS,
    max_seconds: Annotated[float, typer.Option(min=1, help="Time for a task.")] = 600.0,
    jobs: Jobs = 2,
    sandbox: Sandbox = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, for scripts.")] = False,
) -> None:
    """Repeat an experiment of the paper, and show its numbers beside ours.

    Each part of it has a folder below OUT with a report of its own; stop at any time, and the same command goes on.
    """
    from evaluation.experiment import conduct, registry_for
    from evaluation.report import gather, write_report

    with one_line_errors():
        wanted, figures = recipe(name), list[Figure]()
        for part in wanted.parts:
            tasks = tuple(task for file in part.tasks for task in read_tasks(file)[:limit])
            settings = Settings(
                tasks=digest(tasks),
                base_url=base_url,
                models=part.models_of(words(model)),
                elsewhere=places(elsewhere or ()),
                described=part.described,
                offered=part.offered,
                paper_tools=part.paper_tools,
                max_steps=min(part.max_steps, max_steps or part.max_steps),
                max_seconds=max_seconds,
                max_tokens=max_tokens,
            )
            folder = out / name / part.name
            unanswered = conduct(
                folder, tasks, settings, chosen_backend(sandbox), jobs, api_key=api_key, elsewhere_key=elsewhere_key
            )
            _tell_unanswered(unanswered)
            gathered = gather(Results(folder), registry_for(settings))
            write_report(gathered, folder, f"{name}: {part.name}")
            figures += part.figures(gathered.by_benchmark, wanted.measure)
        if as_json:
            typer.echo(json.dumps([asdict(figure) for figure in figures], indent=1))
        else:
            for figure in figures:
                typer.echo(figure)


@app.command()
def judge(
    folder: Annotated[Path, typer.Argument(help="A folder of results.")],
    model: Annotated[str, typer.Option(help="The judge's model id.")],
    base_url: BaseUrl = "https://api.openai.com/v1",
    api_key: Key = "none",
    jobs: Jobs = 4,
) -> None:
    """Have an LLM judge every run as the paper does. Prompts and replies are kept; the report compares the judges."""
    from evaluation.experiment import registry_for
    from evaluation.judge import Judge
    from evaluation.runner import judge_all
    from training.display import Display

    with one_line_errors(), Display(stderr()) as display:
        results = Results(folder)
        registry = registry_for(results.settings())
        display.begin("verdicts", sum(1 for _ in results.runs()))

        async def ask() -> None:
            grader = Judge(base_url, model, api_key)
            try:
                await judge_all(results, registry, grader, jobs, lambda: display.advance(1))
            finally:
                await grader.close()

        asyncio.run(ask())
        verdicts = [results.verdict(name, task) for name, task, _ in results.runs()]
        unscored = [verdict.problem for verdict in verdicts if verdict and verdict.score is None]
        display.end(f"{len(verdicts) - len(unscored)} runs have a verdict, {len(unscored)} are unscored")
        for problem, count in Counter(unscored).most_common():
            tell(f"  {count} x {problem}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A folder of results.")],
    title: Annotated[str, typer.Option(help="The page's title.")] = "Tool calling, measured",
    outside: Annotated[
        list[Path] | None,
        typer.Option(help="Record of dualtune eval bfcl or langchain, for the report; may be given again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, for scripts.")] = False,
) -> None:
    """Score a folder of results and write report.html and report.json into it."""
    from evaluation.experiment import registry_for
    from evaluation.outside import read
    from evaluation.report import gather, write_report
    from evaluation.report.page import as_json as to_json

    with one_line_errors():
        results = Results(folder)
        records = tuple(read(path) for path in outside or ())
        gathered = gather(results, registry_for(results.settings()), records)
        page = write_report(gathered, folder, title)
        if as_json:
            typer.echo(json.dumps(to_json(gathered), indent=1, ensure_ascii=False))
            return
        for name, of in gathered.by_benchmark.items():
            for benchmark, summary in of.items():
                fit = "unscored" if summary.toolfit is None else f"{summary.toolfit:.1f}"
                unscored = f", {summary.unscored} unscored" if summary.unscored else ""
                typer.echo(f"{name:<24} {benchmark:<10} ToolFit {fit:>8}  ({summary.runs} runs{unscored})")
        tell(f"{page}")


def _tell_unanswered(count: int) -> None:
    if count:
        tell(
            f"{count} runs got no answer from the model and are unscored; run the same command again to try them again"
        )


app.command("make-tasks")(make_tasks)
for command in (requests, routes, answers, bfcl, langchain):
    app.command()(command)
