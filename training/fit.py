"""Demonstrations to adapters: split, examples, prefixes, and then one adapter after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from adapters import BaseModelId, Kind, Role, read_manifest
from server.prompt import Prompts
from training.copying import copied_arguments
from training.display import Display
from training.errors import Interrupted
from training.examples import Renderer, Target
from training.history import Epoch, metrics
from training.job import Job
from training.phrasings import templates_digest
from training.product import Provenance, save
from training.run import Origin, RunFolder, RunManifest, Trained, versions
from training.samples import Data, Sample, count, data, samples
from training.settings import Hyperparameters
from training.split import Split, read_split, split, write_split

if TYPE_CHECKING:
    from accelerate import Accelerator

    from training.checkpoint import Weights
    from training.learner import Learner
    from training.prefixes import PrefixStates
    from training.trainer import Progress


class Fit:
    """One run, shown on `display`. Raises TrainingError for a folder that has a run of something else."""

    def __init__(self, job: Job, display: Display, should_stop: Callable[[], bool] = lambda: False) -> None:
        self._job = job
        self._display = display
        self._should_stop = should_stop
        self._folder = RunFolder(job.folder)
        self._shared: dict[str, Data] = {}
        base = job.base.model
        self._manifest = self._folder.begin(
            Origin(
                base_model=BaseModelId(name=base.name, digest=base.digest),
                toolsets={name: toolset.digest for name, toolset in job.toolsets.items()},
                trajectories=dict(job.trajectories),
                hyperparameters=job.hyperparameters,
                held_out=templates_digest(job.held_out),
                start={name: read_manifest(folder).weights_digest for name, folder in sorted(job.start.items())},
            )
        )

    def run(self) -> RunManifest:
        """Train what is not trained yet. Raises TrainingError and Interrupted."""
        train, validation = self._samples()
        left = [target for target in self._job.targets if target.name not in self._manifest.adapters]
        work = {target: data(train, validation, target) for target in left}
        if self._job.hyperparameters.shared_epochs:
            named = {target.toolset for target in left if target.toolset and target.role is Role.ARGUMENTS}
            self._shared = {name: data(train, validation, Target(Role.ARGUMENTS, name)) for name in named}
        self._manifest.without_examples = [target.name for target, found in work.items() if not found.rows]
        self._folder.write(self._manifest)
        if any(found.rows for found in work.values()):
            self._train({target: found for target, found in work.items() if found.rows})
        return self._manifest

    def _split(self) -> Split:
        if self._folder.split.exists():
            return read_split(self._folder.split, (demonstration.id for demonstration in self._job.demonstrations))
        job = self._job
        seed = job.hyperparameters.seed
        sides = split(job.demonstrations, seed=seed, test_tasks=job.test_tasks, held_out=job.held_out)
        write_split(self._folder.split, sides)
        return sides

    def _samples(self) -> tuple[list[Sample], list[Sample]]:
        """Those to train on, and those for validation."""
        started = monotonic()
        sides = self._split()
        renderer = Renderer(self._job.base.template, self._job.toolsets, self._job.hyperparameters.max_tokens)
        by_id = {demonstration.id: demonstration for demonstration in self._job.demonstrations}
        self._display.begin("examples", len(sides.train) + len(sides.validation))

        def rendered(ids: Iterable[str]) -> Iterator[Sample]:
            for id in ids:
                yield from samples(renderer.examples(by_id[id]))
                self._display.advance(1)
                self._heed_stop()

        train, validation = list(rendered(sides.train)), list(rendered(sides.validation))
        self._display.end(f"examples: {len(train):,} to train on, {len(validation):,} for validation")
        for reason, number in renderer.left_out.items():
            self._display.end(f"examples left out: {number:,} ({reason})")
        self._manifest.demonstrations = {side: len(ids) for side, ids in sides if side != "seed"}
        self._manifest.examples_left_out = dict(renderer.left_out)
        self._took("examples", monotonic() - started)
        return train, validation

    def _train(self, work: Mapping[Target, Data]) -> None:
        """Train the adapters one after the other on one base model, whose states of prefixes they share."""
        from accelerate import Accelerator

        from training.learner import Learner, check_model
        from training.lora import add_adapter, load_adapter, load_base
        from training.prefixes import PrefixStates
        from training.trainer import load

        settings, accelerator = self._job.hyperparameters, Accelerator()
        self._display.begin("loading the model", 1)
        base = load_base(self._job.base.folder, settings, accelerator.device)
        states: PrefixStates | None = None
        if settings.kind is Kind.ALORA:
            folder = self._folder.prefixes(accelerator.process_index)
            share = self._job.cache_bytes // accelerator.num_processes
            states = PrefixStates(base, folder, share, settings.forward_tokens)
            self._fill(states, (*work.values(), *self._shared.values()))

        @contextmanager
        def fresh() -> Iterator[Learner]:
            nonlocal base
            learner = Learner(add_adapter(base, settings), states)
            yield learner
            base = learner.model.unload()
            accelerator.free_memory()

        with fresh() as learner:
            check_model(learner, max(next(iter(work.values())).rows, key=lambda row: row.reach))
        starts: dict[str, Weights] = {}
        for target, found in work.items():
            sharing = target.role is Role.ARGUMENTS and target.toolset in self._shared
            toolset = target.toolset if sharing else None
            if toolset and toolset not in starts:
                with fresh() as learner:
                    starts[toolset] = self._train_shared(toolset, learner, accelerator)
            with fresh() as learner:
                if toolset:
                    load(learner, starts[toolset])
                elif start := self._job.start.get(target.name):
                    load_adapter(learner.model, start)
                self._train_one(target, learner, found, accelerator)
        for name in starts:
            self._shared_checkpoint(name).unlink(missing_ok=True)
        if states is not None:
            states.clear()

    def _fill(self, states: PrefixStates, work: Iterable[Data]) -> None:
        """Compute the prefixes of all adapters."""
        from training.prefixes import furthest

        started = monotonic()
        rows = furthest(row for found in work for row in (*found.rows, *found.validation))
        tokens, kept = sum(row.reach for row in rows), 0
        self._display.begin("conversations, in tokens", tokens)

        def done(tokens: int) -> None:
            nonlocal kept
            kept += tokens
            self._display.advance(tokens)
            self._heed_stop()

        states.fill(rows, done)
        seconds = monotonic() - started
        self._display.end(f"conversations: {tokens:,} tokens, {seconds:,.0f} s")
        if kept < tokens:
            self._display.end(f"conversations: {tokens - kept:,} tokens had no room and are computed every time")
        self._took("prefixes", seconds)

    def _shared_checkpoint(self, toolset: str) -> Path:
        return self._folder.checkpoint(f"{toolset}/shared")

    def _shared_start(self, toolset: str) -> list[str]:
        """Names of the adapters from whose mean the argument adapters of a toolset start together."""
        arguments = [name for name in self._job.start if f"/{Role.ARGUMENTS.value}/" in name]
        own = Target(Role.ARGUMENTS, toolset).name
        return [name for name in arguments if name.startswith(f"{own}/")] or arguments

    def _train_shared(self, toolset: str, learner: Learner, accelerator: Accelerator) -> Weights:
        """The weights from which each argument adapter of a toolset starts. Its checkpoint stays for a resumed run.

        Adapters that had become one each of what was learnt together are brought together again by their mean. A
        toolset that has none yet starts from the mean of those of others: how to copy is not learnt anew.
        """
        from training.lora import load_adapter
        from training.trainer import weights

        if earlier := self._shared_start(toolset):
            load_adapter(learner.model, *(self._job.start[name] for name in earlier))
        settings = self._job.hyperparameters
        settings = settings.model_copy(update={"epochs": settings.shared_epochs})
        name, checkpoint = f"{toolset}: all arguments", self._shared_checkpoint(toolset)
        trained, _ = self._train_learner(name, learner, self._shared[toolset], settings, accelerator, checkpoint)
        if toolset not in self._manifest.shared:  # a run that goes on finds it trained
            self._manifest.shared[toolset] = trained
            self._took("adapters", trained.seconds)
        self._display.end(f"{name}: {_summary(trained)}")
        return weights(learner)

    def _train_one(self, target: Target, learner: Learner, found: Data, accelerator: Accelerator) -> None:
        settings, checkpoint = self._job.hyperparameters, self._folder.checkpoint(target.name)
        trained, history = self._train_learner(target.name, learner, found, settings, accelerator, checkpoint)
        if accelerator.is_main_process:
            save(learner.model, self._folder.adapter(target.name), self._provenance(target, found, trained), history)
            checkpoint.unlink(missing_ok=True)
        accelerator.wait_for_everyone()  # What comes next, a report or the store, reads what the main process wrote.
        self._manifest.adapters[target.name] = trained
        self._took("adapters", trained.seconds)
        self._display.end(f"{target.name}: {_summary(trained)}")

    def _train_learner(
        self,
        name: str,
        learner: Learner,
        found: Data,
        settings: Hyperparameters,
        accelerator: Accelerator,
        checkpoint: Path,
    ) -> tuple[Trained, list[Epoch]]:
        """Train to the end, shown as `name`."""
        from training.trainer import Trainer

        def report(progress: Progress) -> None:
            self._display.update(progress.step, f"epoch {progress.epoch}, loss {progress.loss:.4f}")

        trainer = Trainer(learner, found, settings, accelerator, checkpoint)
        self._display.begin(name, trainer.steps)
        history = trainer.train(report, self._should_stop)
        trained = Trained(
            examples=count(found.rows),
            validation_examples=count(found.validation),
            metrics=metrics(history),
            seconds=history[-1]["seconds"],
        )
        return trained, history

    def _start(self, target: Target) -> str | dict[str, str] | None:
        """The digest of the weights that an adapter started from, or of those whose mean they were, by name."""
        digests = self._manifest.origin.start
        if target.role is Role.ARGUMENTS and target.toolset in self._shared:
            return {name: digests[name] for name in self._shared_start(target.toolset)}
        return digests.get(target.name)

    def _provenance(self, target: Target, found: Data, trained: Trained) -> Provenance:
        settings = self._job.hyperparameters
        return Provenance(
            target=target,
            base_model=self._manifest.origin.base_model,
            toolsets=self._job.toolsets,
            invocation=Prompts(self._job.base.template).invocation_ids if settings.kind is Kind.ALORA else (),
            data_digest=found.digest,
            copied=self._copied.get((target.toolset or "", target.tool), ()) if target.tool else (),
            training={
                **settings.model_dump(mode="json"),
                **trained.model_dump(exclude={"metrics"}),
                **({"start": start} if (start := self._start(target)) else {}),
                "versions": versions(),
            },
        )

    @cached_property
    def _copied(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Of what is trained on, the arguments of each tool that are copied."""
        trained = frozenset(self._split().train)
        return copied_arguments((one for one in self._job.demonstrations if one.id in trained), self._job.toolsets)

    def _heed_stop(self) -> None:
        if self._should_stop():
            raise Interrupted

    def _took(self, stage: str, seconds: float) -> None:
        self._manifest.seconds[stage] = self._manifest.seconds.get(stage, 0.0) + seconds
        self._folder.write(self._manifest)


def _summary(trained: Trained) -> str:
    text = f"{trained.examples:,} examples, {trained.seconds:,.0f} s, loss {trained.metrics['loss']:.4f}"
    if "validation_loss" in trained.metrics:
        loss, exact = trained.metrics["validation_loss"], trained.metrics["validation_exact"]
        text += f"; validation: loss {loss:.4f}, {exact:.1%} of {trained.validation_examples:,} exact"
    return text
