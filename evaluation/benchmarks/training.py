"""What training only suffixes over kept prefixes saves, against PEFT's own training of the same examples.

    python -m evaluation.benchmarks.training training.json [TRAJECTORIES]

Without a file of trajectories, made-up ones are taken: three calls of filesystem tools each. The ways are measured in
turn, batch after batch, so that whatever else the machine does falls on all of them alike:

    suffixes        dualtune's trainer of activated adapters; the prefixes, computed once, are timed by themselves
    rows            dualtune's trainer of ordinary LoRA: a conversation once for all its samples
    peft alora      PEFT's activated LoRA, each example whole
    peft lora       PEFT's ordinary LoRA, each example whole

One epoch of the selector costs `suffixes`, and the first epoch of the first adapter `prefixes` besides.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import mean, median
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters import Role
from evaluation.benchmarks.machine import machine
from server.assembly import load_template
from server.embedded import ensure_model
from server.prompt import Prompts
from toolsets import Registry, Toolset
from toolsets.console import progress
from toolsets.registry import PACKAGED
from toolsets.result import ToolResult
from toolsets.snapshot import write_file
from toolsets.trajectory import Call, Observation, Reply, Step, Trajectory
from training.batches import batches
from training.examples import Renderer, Target
from training.samples import Row, count, data, samples
from training.settings import Hyperparameters
from training.trajectory import OFFLINE, Demonstration, read_demonstrations

if TYPE_CHECKING:
    import torch

_WORDS = ("report", "budget", "north", "meeting", "river", "invoice", "draft", "winter", "garden", "signal", "ledger")
_WHOLE_AT_ONCE = 4
"""Examples in a forward pass of PEFT's: more need many gigabytes."""


@dataclass(frozen=True)
class Report:
    """Medians over the batches, in seconds for a batch; tokens are means for a batch."""

    model: str
    precision: str
    rank: int
    machine: dict[str, str | int | None]
    batches: int
    examples: float
    prefix_tokens: float
    suffix_tokens: float
    whole_tokens: float
    seconds: dict[str, float]
    prefix_tokens_per_second: float
    suffix_tokens_per_second: float
    ratios: dict[str, float]
    """How much longer PEFT takes than `suffixes`, with the prefixes computed once for so many epochs."""


def made_up(number: int, toolset: Toolset, words: int = 300) -> Demonstration:
    """A task of three calls, of which the results have up to so many words."""
    random = Random(number)

    def text(count: int) -> str:
        return " ".join(random.choices(_WORDS, k=count))

    steps = []
    for step, name in enumerate(("list_directory", "read_text_file", "get_file_info")):
        call = Call(f"call_{step}", name, json.dumps({"path": f"/work/{text(1)}/{text(3)}.md"}))
        result = ToolResult(text(random.randint(words // 10, words)))
        steps.append(Step(Reply(None, (call,)), (Observation(call, toolset.name, name, result),)))
    trajectory = Trajectory(
        model=OFFLINE,
        base_url="",
        toolsets={toolset.name: toolset.digest},
        opening=({"role": "user", "content": f"Look into {text(20)} and say what you find."},),
        started="2026-01-01T00:00:00+00:00",
        seconds=0.0,
        outcome="answered",
        steps=(*steps, Step(Reply("Done."))),
    )
    return Demonstration(id=str(number), template=str(number), trajectory=trajectory)


class Bench:
    """The ways, each on a base model of its own."""

    def __init__(self, model: Path, settings: Hyperparameters, invocation: list[int], folder: Path) -> None:
        import torch

        from training.learner import Learner
        from training.lora import add_adapter, load_base
        from training.prefixes import PrefixStates

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

        def base() -> Any:
            return load_base(str(model), settings, self._device)

        own = base()
        self._states = PrefixStates(own, folder, 2**40, settings.forward_tokens)
        suffixes, rows = Learner(add_adapter(own, settings), self._states), Learner(add_adapter(base(), settings), None)
        alora, lora = (_by_peft_alone(base(), settings, tokens) for tokens in (invocation, None))
        self._steps: dict[str, Callable[[Sequence[Row]], None]] = {
            "suffixes": _Step(suffixes, lambda batch: [suffixes(batch)[0]]),
            "rows": _Step(rows, lambda batch: [rows(batch)[0]]),
            "peft alora": _Step(alora, lambda batch: _whole(alora, suffixes.arithmetic, batch)),
            "peft lora": _Step(lora, lambda batch: _whole(lora, suffixes.arithmetic, batch)),
        }

    def seconds(self, batch: Sequence[Row], random: Random) -> dict[str, float]:
        """Of the batch's prefixes and of each way, the ways in another order every time."""
        took = {"prefixes": self._timed(lambda: self._states.fill(batch))}
        for name in random.sample(list(self._steps), len(self._steps)):
            took[name] = self._timed(lambda name=name: self._steps[name](batch))  # type: ignore[misc]
        return took

    def _timed(self, work: Callable[[], None]) -> float:
        import torch

        began = perf_counter()
        work()
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return perf_counter() - began


class _Step:
    """A step of the optimizer on the losses that a batch has, one after the other."""

    def __init__(self, model: torch.nn.Module, losses: Callable[[Sequence[Row]], Iterable[torch.Tensor]]) -> None:
        import torch

        model.train()
        self._losses = losses
        self._optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], fused=True)

    def __call__(self, batch: Sequence[Row]) -> None:
        for loss in self._losses(batch):
            loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()


def _by_peft_alone(base: Any, settings: Hyperparameters, invocation: list[int] | None) -> Any:
    """An adapter as PEFT makes it, on the library's own attention."""
    from peft import LoraConfig, get_peft_model

    base.set_attn_implementation("sdpa")
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        alora_invocation_tokens=invocation,
    )
    return get_peft_model(base, config)


def _whole(model: Any, arithmetic: Callable[[], Any], batch: Sequence[Row]) -> Iterator[torch.Tensor]:
    """The losses of a batch's examples, each whole, a few at once and padded, as the library computes them."""
    import torch

    examples = [
        ([*sample.prefix.ids[: sample.start], *sample.suffix, *sample.written], len(sample.written))
        for row in batch
        for sample in row.samples
    ]
    examples.sort(key=lambda example: len(example[0]))
    for start in range(0, len(examples), _WHOLE_AT_ONCE):
        some = examples[start : start + _WHOLE_AT_ONCE]
        shape = (len(some), max(len(ids) for ids, _ in some))
        ids, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
        mask = torch.zeros(shape, dtype=torch.long)
        for number, (tokens, learnt) in enumerate(some):
            ids[number, : len(tokens)] = torch.tensor(tokens)
            mask[number, : len(tokens)] = 1
            labels[number, len(tokens) - learnt : len(tokens)] = torch.tensor(tokens[-learnt:])
        inputs = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        with arithmetic():
            output = model(**{name: tensor.to(model.device) for name, tensor in inputs.items()})
        yield output.loss


def measure(model: Path, demonstrations: Sequence[Demonstration], settings: Hyperparameters, limit: int) -> Report:
    """Time up to `limit` batches of what a selector learns."""
    template = load_template(str(model))
    renderer = Renderer(template, Registry.load(PACKAGED).toolsets, settings.max_tokens)
    examples = [example for demonstration in demonstrations for example in renderer.examples(demonstration)]
    (toolset,) = {example.toolset for example in examples} - {None}
    rows = data(samples(examples), (), Target(Role.SELECTOR, toolset)).rows
    some = batches(rows, settings.batch_size, Random(settings.seed), cached=True)[: limit + 1]
    random = Random(0)
    with tempfile.TemporaryDirectory() as folder, progress("loading the models") as report:
        bench = Bench(model, settings, list(Prompts(template).invocation_ids), Path(folder))
        bench.seconds(some[0], random)  # the first of everything is slower, and does not count
        times = []
        for number, batch in enumerate(some[1:], 1):
            report(f"batch {number} of {len(some) - 1}")
            times.append(bench.seconds(batch, random))
    return _report(model.name, settings, some[1:], times)


def _report(
    model: str, settings: Hyperparameters, measured: Sequence[Sequence[Row]], times: Sequence[dict[str, float]]
) -> Report:
    seconds = {name: median(took[name] for took in times) for name in times[0]}
    prefix = mean(sum(len(row.prefix) for row in batch) for batch in measured)
    suffix = mean(sum(row.suffixes for row in batch) for batch in measured)
    whole = mean(sum(s.start + len(s) for row in batch for s in row.samples) for batch in measured)
    return Report(
        model=model,
        precision=settings.precision,
        rank=settings.rank,
        machine=machine(),
        batches=len(measured),
        examples=mean(count(batch) for batch in measured),
        prefix_tokens=prefix,
        suffix_tokens=suffix,
        whole_tokens=whole,
        seconds=seconds,
        prefix_tokens_per_second=prefix / seconds["prefixes"],
        suffix_tokens_per_second=suffix / seconds["suffixes"],
        ratios={
            f"{name}, {epochs} epochs": epochs * seconds[name] / (seconds["prefixes"] + epochs * seconds["suffixes"])
            for name in ("peft alora", "peft lora")
            for epochs in (1, 3)
        },
    )


def main(
    out: Annotated[Path, typer.Argument(help="The file for the figures, as JSON.")],
    trajectories: Annotated[Path | None, typer.Argument(help="A file of trajectories.", show_default="made up")] = None,
    model: Annotated[Path | None, typer.Option(help="Folder of the model.", show_default="the embedded one")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many batches are measured.")] = 8,
    precision: Annotated[str, typer.Option(help="bfloat16 or float32.")] = "bfloat16",
) -> None:
    """Measure training, four ways."""
    toolset = Registry.load(PACKAGED).toolsets["filesystem"]
    made = [made_up(number, toolset) for number in range(16 * limit)]
    demonstrations = made if trajectories is None else read_demonstrations(trajectories)
    settings = Hyperparameters.model_validate({"precision": precision})
    result = measure(model or ensure_model(), demonstrations, settings, limit)
    write_file(out, json.dumps(asdict(result), indent=2) + "\n")
    print(json.dumps(result.ratios, indent=2))  # noqa: T201


if __name__ == "__main__":
    typer.run(main)
