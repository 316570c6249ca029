"""Commands for single replies and for benchmarks of others: `dualtune eval requests`, `routes`, `answers`, ..."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evaluation.console import one_line_errors, words
from evaluation.options import BaseUrl, Jobs, Key

Requests = Annotated[Path | None, typer.Option(help="The requests.", show_default="the shipped ones")]
Models = Annotated[str, typer.Option(help="Model ids, with commas between them.")]
FiguresAsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON, for scripts.")]


def requests(
    toolset: Annotated[str, typer.Argument(help="The toolset whose tools are offered.")] = "filesystem",
    file: Requests = None,
    model: Models = "dualtune",
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    out: Annotated[Path | None, typer.Option(help="A file for every answer, as JSON.")] = None,
    jobs: Jobs = 4,
    as_json: FiguresAsJson = False,
) -> None:
    """Put single requests, written by hand, to models: how often is it the right tool, and the right call?

    Nothing is carried out. Arguments that are a schema's default do not count.
    """
    from evaluation.requests import as_json as whole
    from evaluation.requests import command, summarize

    with one_line_errors():
        answers = command.measure(toolset, file, words(model), base_url, api_key, jobs)
        if out:
            command.keep({name: whole(given) for name, given in answers.items()}, out)
        if as_json:
            typer.echo(json.dumps({name: asdict(summarize(given)) for name, given in answers.items()}, indent=1))
        else:
            Console().print(command.table(answers))


def routes(
    offer: Annotated[
        str, typer.Option(help="Toolsets whose tools are offered, with commas between them.")
    ] = "filesystem,git,memory,monday,notion,time",
    file: Requests = None,
    model: Models = "dualtune",
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    out: Annotated[Path | None, typer.Option(help="A file for the figures and what went wrong, as JSON.")] = None,
    jobs: Jobs = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same JSON, for scripts.")] = False,
) -> None:
    """Offer several toolsets, and put requests to models that were written by hand: do they go to the right one?

    Requests for toolsets that are not offered are left out. Nothing is carried out.
    """
    from evaluation.requests import command, shares, wrong

    with one_line_errors():
        went = command.route(words(offer), file, words(model), base_url, api_key, jobs)
        record = {name: {"requests": len(g), "right": shares(g), "wrong": wrong(g)} for name, g in went.items()}
        if out:
            command.keep(record, out)
        if as_json:
            typer.echo(json.dumps(record, indent=1, ensure_ascii=False))
        else:
            Console().print(command.routing_table(went))


def answers(
    demonstrations: Annotated[Path, typer.Argument(help="Demonstrations that were not trained on (JSON lines).")],
    toolset: Annotated[str, typer.Option(help="The toolset whose tools are offered.")] = "filesystem",
    model: Models = "dualtune",
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    out: Annotated[Path | None, typer.Option(help="A file for the figures and every reply, as JSON.")] = None,
    jobs: Jobs = 4,
    as_json: FiguresAsJson = False,
) -> None:
    """Show models demonstrations up to their last result: do they end there, and tell the user what was returned?

    Nothing is carried out.

        dualtune train demonstrations filesystem --count 100 --seed 999 --out unseen.jsonl
        dualtune eval answers unseen.jsonl
    """
    from evaluation.requests import command, figures

    with one_line_errors():
        told = command.listen(toolset, demonstrations, words(model), base_url, api_key, jobs)
        if out:
            record = {name: {**figures(each), "replies": [asdict(one) for one in each]} for name, each in told.items()}
            command.keep(record, out)
        if as_json:
            typer.echo(json.dumps({name: figures(each) for name, each in told.items()}, indent=1))
        else:
            Console().print(command.answers_table(told))


def bfcl(
    out: Annotated[Path, typer.Option(help="The run's folder; started, or gone on with. The record is bfcl.json.")],
    category: Annotated[
        str, typer.Option(help="Categories, or non_live, live, multi_turn, with commas between them.")
    ] = "non_live",
    model: Annotated[str, typer.Option(help="The model id.")] = "dualtune",
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many entries of each category.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Length of one reply.")] = 1024,
    jobs: Jobs = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON, for scripts.")] = False,
) -> None:
    """Run the Berkeley Function-Calling Leaderboard, by its own package, in an environment made on the first run.

    The model is greedy. A run in which a request got no answer is refused: the same command asks for those again.

        dualtune eval bfcl --category irrelevance,simple_python --out bfcl
    """
    from evaluation.outside import command

    with one_line_errors():
        record = command.bfcl(words(category), model, base_url, api_key, limit, max_tokens, out, jobs)
        if as_json:
            typer.echo(record.model_dump_json(indent=1))
        else:
            Console().print(command.bfcl_table(record))


def langchain(
    out: Annotated[Path, typer.Option(help="The file for the record.")],
    model: Annotated[str, typer.Option(help="The model id.")] = "dualtune",
    base_url: BaseUrl = "http://127.0.0.1:8000/v1",
    api_key: Key = "none",
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON, for scripts.")] = False,
) -> None:
    """Run LangChain's standard integration tests with its ChatOpenAI, in an environment made on the first run.

    Status 0 says that the tests were run, not that they passed.
    """
    from evaluation.outside import command

    with one_line_errors():
        record = command.langchain(model, base_url, api_key, out)
        if as_json:
            typer.echo(record.model_dump_json(indent=1))
        else:
            Console().print(command.langchain_table(record))
