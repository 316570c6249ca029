"""What activated adapters save: staged calls with them, with ordinary LoRA on stock vLLM, and one flat pass.

    python -m evaluation.benchmarks.activated FOLDER      # writes activated.json and activated.png there

A staged call is three decodes on one conversation: route (base), select (one adapter), arguments (another). The text
of each is forced by its grammar, so that every way writes the same. The ways are measured in turn, round after round,
on two engines in one process: ours with activated adapters; vLLM as it is, our plugin left out, with ordinary LoRA of
the same rank; and, on ours, one pass on the base model with the full schemas of the paper's 30 tools in front of the
conversation. Every conversation is new to the caches. The tools of the flat pass are measured both ways: computed with
it, and found in the cache. A later step adds a call and its result to a conversation whose earlier steps are cached.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.console import Console

from adapters import Adapter, describe_base_model
from evaluation.benchmarks.activated_plot import plot
from evaluation.benchmarks.machine import machine
from evaluation.benchmarks.random_adapters import write_adapters
from server.assembly import load_template
from server.constraints import Choice
from server.conversation import Call, Message
from server.embedded import EMBEDDED_MODEL, ensure_model
from server.engine import vllm as vllm_engine
from server.engine.base import Engine, Sampling
from server.engine.vllm_start import VllmOptions, prepare_environment
from server.prompt import Prompt, Prompts, ToolsetChoice
from toolsets import Registry, Tool
from toolsets.registry import PACKAGED

ACTIVATED, ORDINARY, FLAT_COLD, FLAT_CACHED = "activated", "lora, stock vllm", "flat, tools cold", "flat, tools cached"
PAPERS = ("filesystem", "notion", "monday")
ARGUMENTS = '{"path":"reports/2024/summary of the third quarter.md","head":12}'
_WORDS = ("report", "budget", "north", "meeting", "river", "invoice", "draft", "winter", "garden", "signal", "ledger")


@dataclass(frozen=True)
class Cost:
    """One staged call or flat pass: seconds, and by decode the prompt's tokens and those that were computed."""

    seconds: float
    prompt_tokens: tuple[int, ...]
    computed_tokens: tuple[int, ...]


@dataclass(frozen=True)
class Arm:
    """An engine and its adapters; stage 2 uses the first, stage 3 those after it in turn."""

    engine: Engine
    adapters: Sequence[Adapter]


class Bench:
    """Makes conversations and prompts, and times calls."""

    def __init__(self, prompts: Prompts, tools: Sequence[Tool]) -> None:
        self._prompts = prompts
        self._tools = tools
        self._random = Random(0)
        self._toolsets = [ToolsetChoice(name, "Tools of one application.") for name in PAPERS]

    def conversation(self, tokens: int) -> list[Message]:
        """One that no cache has met, of about as many tokens: a request, then calls and results."""
        messages = [Message("user", self._text(40))]
        while (length := len(self._prompts.conversation(messages).segment.ids)) < tokens - 20:
            messages += self._exchange(min(400, tokens - length))
        return messages

    def next_step(self, messages: Sequence[Message]) -> list[Message]:
        """The conversation one step later, some 120 tokens longer."""
        return [*messages, *self._exchange(120)]

    async def staged(self, arm: Arm, messages: Sequence[Message], tool: int = 0) -> Cost:
        conversation = self._prompts.conversation(messages)
        read_file = self._tools[0]
        route = self._prompts.route(conversation, self._toolsets)
        select = self._prompts.select(conversation, PAPERS[0], self._tools, stop=True, described=False)
        write = self._prompts.arguments(conversation, read_file, described=False)
        selector, arguments = arm.adapters[0], arm.adapters[1 + tool % (len(arm.adapters) - 1)]
        steps = ((route, PAPERS[0], None), (select, read_file.name, selector), (write, ARGUMENTS, arguments))
        return await _timed(arm.engine, steps)

    async def flat(self, arm: Arm, messages: Sequence[Message], *, cold: bool) -> Cost:
        mark = self._text(4) if cold else "The same for all."
        # Ahead of the tools, so that a new mark makes them new to the cache.
        prompt = self._prompts.flat([Message("system", mark), *messages], self._tools, stop=True)
        return await _timed(arm.engine, ((prompt, f'{{"name":"read_text_file","arguments":{ARGUMENTS}}}', None),))

    def _exchange(self, tokens: int) -> list[Message]:
        call = Call("call_1", "read_text_file", json.dumps({"path": f"{self._text(2)}.md"}))
        return [
            Message("assistant", "", calls=(call,)),
            Message("tool", self._text(max(1, int((tokens - 45) / 1.3))), call_id="call_1", name=call.name),
        ]

    def _text(self, words: int) -> str:
        return " ".join(
            f"{self._random.choice(_WORDS)}{self._random.choice(('', ',', self._digits()))}" for _ in range(words)
        )

    def _digits(self) -> str:
        return f" {self._random.randrange(10)}"


async def _timed(engine: Engine, steps: Sequence[tuple[Prompt, str, Adapter | None]]) -> Cost:
    began, prompts, computed = perf_counter(), [], []
    for prompt, text, adapter in steps:
        generation = engine.generate(prompt, Sampling(max_tokens=128), constraint=Choice((text,)), adapter=adapter)
        async with aclosing(generation) as pieces:
            last = [piece async for piece in pieces][-1]
        if last.finish != "stop":
            raise RuntimeError(f"the decode did not end: {last}")
        prompts.append(last.prompt_tokens)
        computed.append(last.prompt_tokens - last.cached_tokens)
    return Cost(perf_counter() - began, tuple(prompts), tuple(computed))


async def by_length(
    bench: Bench, ours: Arm, stock: Arm, lengths: Sequence[int], rounds: int, report: Callable[[str], None]
) -> list[dict[str, Any]]:
    """First and later step at each length, in seconds and as ratios to the stock engine's and the flat pass's."""
    ways: dict[str, Callable[[list[Message]], Awaitable[Cost]]] = {
        ACTIVATED: lambda messages: bench.staged(ours, messages),
        ORDINARY: lambda messages: bench.staged(stock, messages),
        FLAT_COLD: lambda messages: bench.flat(ours, messages, cold=True),
        FLAT_CACHED: lambda messages: bench.flat(ours, messages, cold=False),
    }
    for way in ways:
        await ways[way](bench.conversation(200))  # what is built at the first use
    rows = []
    for length in lengths:
        costs: dict[tuple[str, str], list[Cost]] = {}
        for number, (way, call) in itertools.product(range(rounds), ways.items()):
            report(f"{length} tokens, round {number + 1} of {rounds}: {way}")
            messages = bench.conversation(length)
            costs.setdefault((way, "first step"), []).append(await call(messages))
            if way != FLAT_COLD:
                costs.setdefault((way, "later step"), []).append(await call(bench.next_step(messages)))
        rows += [_row(length, step, costs) for step in ("first step", "later step")]
    return rows


def _row(length: int, step: str, costs: Mapping[tuple[str, str], list[Cost]]) -> dict[str, Any]:
    seconds = {way: median(c.seconds for c in found) for (way, at), found in costs.items() if at == step}
    mine = costs[ACTIVATED, step][-1]
    return {
        "conversation_tokens": length,
        "step": step,
        "seconds": seconds,
        "ratio_of_activated_to": {
            way: seconds[ACTIVATED] / other for way, other in seconds.items() if way != ACTIVATED
        },
        "activated": asdict(mine),
        "computed_share_in_select_and_arguments": [
            computed / prompt for computed, prompt in zip(mine.computed_tokens[1:], mine.prompt_tokens[1:], strict=True)
        ],
    }


async def by_load(
    bench: Bench, ours: Arm, stock: Arm, clients: Sequence[int], adapters: Sequence[int], report: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Staged calls at once, each on a conversation of 500 tokens of its own, with the adapters in turn."""
    rows = []
    for many, kinds in itertools.product(clients, adapters):
        seconds = {}
        for way, arm in ((ACTIVATED, ours), (ORDINARY, stock)):
            report(f"{many} clients, {kinds} adapters: {way}")
            few = Arm(arm.engine, arm.adapters[: kinds + 1])
            conversations = [bench.conversation(500) for _ in range(many)]
            began = perf_counter()
            await asyncio.gather(*(bench.staged(few, talk, tool) for tool, talk in enumerate(conversations)))
            seconds[way] = (perf_counter() - began) / many
        rows.append(
            {
                "clients": many,
                "adapters": kinds,
                "seconds_per_call": seconds,
                "ratio": seconds[ACTIVATED] / seconds[ORDINARY],
            }
        )
    return rows


@asynccontextmanager
async def _arms(folder: str, scratch: Path, prompts: Prompts, rank: int, count: int) -> AsyncIterator[tuple[Arm, Arm]]:
    base = describe_base_model(folder, name=EMBEDDED_MODEL)
    longest = {"max_model_len": 32_768, "hf_overrides": {"max_position_embeddings": 32_768}}
    options = VllmOptions(folder, EMBEDDED_MODEL, max_lora_rank=rank, max_loras=8, engine=longest)
    ours = await vllm_engine.VllmEngine.start(options)
    os.environ["VLLM_PLUGINS"] = "none"  # the processes of the second engine are vLLM as it is
    stock = await StockVllm.start(options)
    del os.environ["VLLM_PLUGINS"]
    arms = []
    try:
        for engine, invocation in ((ours, prompts.invocation_ids), (stock, ())):
            made = list(write_adapters(scratch, base, count, rank=rank, invocation=invocation))
            for adapter in made:
                await engine.load_adapter(adapter)
            arms.append(Arm(engine, made))
        yield arms[0], arms[1]
    finally:
        await ours.close()
        await stock.close()


class StockVllm(vllm_engine.VllmEngine):
    """Serves ordinary LoRA without our plugin, which the product refuses on a CPU: its speed is right all the same."""

    def unservable(self, adapter: Adapter) -> str | None:
        return None


async def measure(
    lengths: Sequence[int],
    rounds: int,
    clients: Sequence[int],
    adapters: Sequence[int],
    rank: int,
    report: Callable[[str], None],
) -> dict[str, Any]:
    prepare_environment()
    os.environ["VLLM_ALLOW_LONG_MAX_MODEL_LEN"] = "1"
    folder = str(ensure_model())
    prompts = Prompts(load_template(folder))
    tools = [tool for toolset in Registry.load(PACKAGED).paper() for tool in toolset.tools]
    bench = Bench(prompts, tools)
    with tempfile.TemporaryDirectory() as scratch:
        async with _arms(folder, Path(scratch), prompts, rank, 1 + max(*adapters, 1)) as (ours, stock):
            lengthwise = await by_length(bench, ours, stock, lengths, rounds, report)
            loaded = await by_load(bench, ours, stock, clients, adapters, report)
    return {
        "model": EMBEDDED_MODEL,
        "rank": rank,
        "rounds": rounds,
        "machine": machine(),
        "by_length": lengthwise,
        "by_load": loaded,
    }


def main(
    out: Annotated[Path, typer.Argument(help="The folder for the figures and the picture.")],
    lengths: Annotated[str, typer.Option(help="Tokens of the conversations.")] = "500,1500,3000,6000",
    rounds: Annotated[int, typer.Option(min=1, help="How often each way is measured at each length.")] = 3,
    clients: Annotated[str, typer.Option(help="How many staged calls at once.")] = "1,8,16",
    adapters: Annotated[str, typer.Option(help="How many adapters for the arguments.")] = "1,16,64",
    rank: Annotated[int, typer.Option(help="Rank of the adapters.")] = 8,
) -> None:
    """Measure what activated adapters save."""
    numbers = [[int(n) for n in text.split(",")] for text in (lengths, clients, adapters)]
    with Console(stderr=True).status("starting two engines ...") as status:
        figures = asyncio.run(
            measure(numbers[0], rounds, numbers[1], numbers[2], rank, lambda what: status.update(what))
        )
    out.mkdir(parents=True, exist_ok=True)
    partial = out / ".activated.json.part"
    partial.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    partial.replace(out / "activated.json")
    plot(figures, out / "activated.png")


if __name__ == "__main__":
    typer.run(main)
