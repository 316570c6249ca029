"""What n-gram speculation gives in the arguments stage, which mostly repeats words of the conversation.

    python -m evaluation.benchmarks.speculation speculation.json

Two engines in one process, one that speculates and one that does not, write the arguments of the same `write_file`
calls, with an activated adapter and under the tool's grammar, in turn, round after round. Speculation drafts what
followed the last few tokens where they came before, and the model checks the draft in one step.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Annotated, Any

import typer

from adapters import Adapter, describe_base_model
from evaluation.benchmarks.machine import machine
from evaluation.benchmarks.random_adapters import write_adapters
from server.assembly import load_template
from server.constraints import JsonSchema
from server.conversation import Message
from server.embedded import EMBEDDED_MODEL, ensure_model
from server.engine.base import Sampling
from server.engine.vllm import VllmEngine
from server.engine.vllm_start import VllmOptions, prepare_environment
from server.prompt import Prompt, Prompts
from toolsets import Registry, Tool
from toolsets.registry import PACKAGED
from toolsets.snapshot import write_file

NGRAMS = {"method": "ngram", "num_speculative_tokens": 5, "prompt_lookup_min": 2, "prompt_lookup_max": 4}
PLAIN, SPECULATING = "plain", "speculating"
_TOKENS = 64
_FOLDERS = ("reports/2024", "minutes", "customers/north", "notes from the garden", "src/components")
_NAMES = ("quarterly-summary.txt", "board meeting.md", "export_2025_03_17.csv", "beetroot_soup.md", "NavigationBar.tsx")
_TEXTS = (
    "The forty blue chairs come on Thursday the 14th, and invoice 88213 will be corrected before the month ends.",
    "Tiles 1240 euro, plumber 890 euro, electrician 1315 euro, paint 210 euro; the countertop is not decided yet.",
    "1041, Tromso, 2025-03-02; 1077, Aarhus, 2025-02-19; 1102, Turku, 2025-03-11.",
    "The nightly dump ended at 03:12 with 48 GB; the table orders_archive was skipped because of a lock.",
)


def requests(prompts: Prompts, tool: Tool, count: int) -> list[Prompt]:
    """Prompts for the arguments of requests that name a path and a text."""
    random = Random(0)
    made = []
    for _ in range(count):
        path, text = f"{random.choice(_FOLDERS)}/{random.choice(_NAMES)}", random.choice(_TEXTS)
        conversation = prompts.conversation([Message("user", f"Write the file {path} with exactly this text: {text}")])
        made.append(prompts.arguments(conversation, tool, described=True))
    return made


async def write(engine: VllmEngine, prompt: Prompt, tool: Tool, adapter: Adapter) -> int:
    """The number of tokens that were written."""
    constraint = JsonSchema(tool.parameters)
    async with aclosing(engine.generate(prompt, Sampling(_TOKENS), constraint=constraint, adapter=adapter)) as pieces:
        return [piece async for piece in pieces][-1].completion_tokens


async def rate(engine: VllmEngine, work: Sequence[Prompt], tool: Tool, adapter: Adapter, clients: int) -> float:
    """Tokens a second, with as many requests at once as there are clients."""
    began, tokens = perf_counter(), 0
    for first in range(0, len(work), clients):
        tokens += sum(await asyncio.gather(*(write(engine, p, tool, adapter) for p in work[first : first + clients])))
    return tokens / (perf_counter() - began)


async def measure(clients: Sequence[int], rounds: int, each: int) -> dict[str, Any]:
    prepare_environment()
    folder = str(ensure_model())
    prompts = Prompts(load_template(folder))
    tool = next(t for t in Registry.load(PACKAGED).toolsets["filesystem"].tools if t.name == "write_file")
    work = requests(prompts, tool, each)
    engines: dict[str, VllmEngine] = {}
    with tempfile.TemporaryDirectory() as scratch:
        base = describe_base_model(folder, name=EMBEDDED_MODEL)
        (adapter,) = write_adapters(Path(scratch), base, 1, rank=8, invocation=prompts.invocation_ids)
        try:
            for name, options in ((PLAIN, {}), (SPECULATING, {"speculative_config": NGRAMS})):
                engines[name] = await VllmEngine.start(VllmOptions(folder, EMBEDDED_MODEL, 8, 1, options))
                await engines[name].load_adapter(adapter)
                await rate(engines[name], work, tool, adapter, each)  # what is built at the first use; the prefixes
            rows = []
            for many in clients:
                rates: dict[str, list[float]] = {name: [] for name in engines}
                for _ in range(rounds):
                    for name, engine in engines.items():
                        rates[name].append(await rate(engine, work, tool, adapter, many))
                ratios = [ours / plain for ours, plain in zip(rates[SPECULATING], rates[PLAIN], strict=True)]
                rows.append(
                    {
                        "clients": many,
                        "tokens_per_second": {name: median(found) for name, found in rates.items()},
                        "ratio": {"median": median(ratios), "least": min(ratios), "most": max(ratios)},
                    }
                )
        finally:
            for engine in engines.values():
                await engine.close()
    return {"model": EMBEDDED_MODEL, "machine": machine(), "rounds": rounds, "speculation": NGRAMS, "by_clients": rows}


def main(
    out: Annotated[Path, typer.Argument(help="The file for the figures.")],
    clients: Annotated[str, typer.Option(help="How many requests at once.")] = "1,4,8",
    rounds: Annotated[int, typer.Option(min=1, help="How often each engine is measured.")] = 3,
    each: Annotated[int, typer.Option(min=1, help="Requests in a round.")] = 16,
) -> None:
    """Measure what n-gram speculation gives."""
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = asyncio.run(measure([int(number) for number in clients.split(",")], rounds, each))
    write_file(out, json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
