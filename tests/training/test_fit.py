"""The whole of it: demonstrations to adapters that can be served."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import get_peft_model_state_dict
from rich.console import Console
from safetensors.torch import load_file

from adapters import Kind, Role, check_adapter, describe_base_model, install, read_manifest
from adapters.check import WEIGHTS
from adapters.tensors import read_headers
from server.assembly import load_template
from server.prompt import PROMPT_FORMAT, Prompts
from tests.server.toy import FILES, READ, READ_ALL
from tests.training.world import added, demonstration, files_demonstrations, read
from training.display import Display
from training.errors import Interrupted, TrainingError
from training.examples import Target, decoupled
from training.fit import Fit
from training.job import Base, Job
from training.lora import add_adapter, load_adapter, load_base
from training.run import RunFolder, RunManifest
from training.settings import Hyperparameters
from training.setup import starts

QUICK = Hyperparameters(
    rank=4, learning_rate=1e-2, epochs=2, batch_size=8, precision="float32", target_modules=("q_proj", "down_proj")
)
DEMONSTRATIONS = tuple(files_demonstrations(20))
SELECTOR = Target(Role.SELECTOR, "files")


@pytest.fixture
def job(checkpoint: Path, tmp_path: Path) -> Job:
    return Job(
        demonstrations=DEMONSTRATIONS,
        trajectories={"trajectories.jsonl": "0" * 64},
        toolsets={"files": FILES},
        targets=decoupled(FILES),
        base=Base(describe_base_model(str(checkpoint)), str(checkpoint), load_template(str(checkpoint))),
        hyperparameters=QUICK,
        folder=tmp_path / "run",
        cache_bytes=2**30,
        test_tasks=2,
    )


def run(job: Job, should_stop: Callable[[], bool] = lambda: False) -> tuple[RunManifest, str]:
    """The manifest, and what was shown."""
    shown = io.StringIO()
    with Display(Console(file=shown, width=200)) as display:
        return Fit(job, display, should_stop).run(), shown.getvalue()


@pytest.mark.parametrize("kind", list(Kind))
def test_the_adapters_learn_and_the_store_takes_them(kind: Kind, job: Job, tmp_path: Path) -> None:
    settings = QUICK.model_copy(update={"kind": kind, "epochs": 8, "patience": 8})
    manifest, shown = run(replace(job, hyperparameters=settings))
    names = ["files/selector", "files/arguments/read", "files/arguments/read_all", "files/summary"]
    assert list(manifest.adapters) == names
    assert [line.partition(":")[0] for line in shown.splitlines() if line.startswith("files/")] == names
    invocation = Prompts(job.base.template).invocation_ids if kind is Kind.ALORA else ()
    for target in decoupled(FILES):
        folder = RunFolder(job.folder).adapter(target.name)
        adapter = check_adapter(folder, job.base.model, max_rank=4, prompt_format=PROMPT_FORMAT)
        assert (adapter.name, adapter.kind, adapter.rank, adapter.invocation_tokens) == (
            *(target.name, kind, 4),
            invocation,
        )
        place = install(folder, tmp_path / "store", job.base.model)
        assert place == tmp_path / "store" / "tiny-llama" / target.name
        history = json.loads((folder / "history.json").read_text())
        assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    assert not RunFolder(job.folder).prefixes(0).exists()
    assert list((job.folder / "checkpoints").rglob("*.pt")) == []


def test_the_manifests_say_what_an_adapter_was_made_of(job: Job) -> None:
    manifest, _ = run(job)
    by_name = {t.name: read_manifest(RunFolder(job.folder).adapter(t.name)) for t in job.targets}
    assert {name: found.tools_digest for name, found in by_name.items()} == {
        "files/selector": FILES.digest,
        "files/arguments/read": READ.digest,
        "files/arguments/read_all": READ_ALL.digest,
        "files/summary": FILES.digest,
    }
    assert len({found.data_digest for found in by_name.values()}) == 4
    selector = by_name["files/selector"]
    assert selector.training == {
        **QUICK.model_dump(mode="json"),
        "examples": manifest.adapters["files/selector"].examples,
        "validation_examples": manifest.adapters["files/selector"].validation_examples,
        "seconds": manifest.adapters["files/selector"].seconds,
        "versions": manifest.versions,
    }
    assert selector.metrics == manifest.adapters["files/selector"].metrics
    assert manifest.demonstrations == {"train": 14, "validation": 4, "test": 2, "unused": 0}
    assert RunFolder(job.folder).manifest() == manifest


@pytest.mark.parametrize(("precision", "stored"), [("bfloat16", "BF16"), ("float32", "F32")])
def test_weights_are_in_the_precision_of_the_base_model_and_name_no_folder(
    precision: str, stored: str, job: Job
) -> None:
    settings = QUICK.model_copy(update={"precision": precision})
    run(replace(job, targets=[SELECTOR], hyperparameters=settings))
    folder = RunFolder(job.folder).adapter(SELECTOR.name)
    assert {tensor.dtype for tensor in read_headers(folder / "adapter_model.safetensors").values()} == {stored}
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["target_modules"]) == ("tiny-llama", ["down_proj", "q_proj"])


def weights(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.safetensors")}


def test_an_adapter_is_trained_further_from_where_it_stood(job: Job, tmp_path: Path) -> None:
    job = replace(job, targets=[SELECTOR], hyperparameters=QUICK.model_copy(update={"epochs": 1}))
    run(job)
    first = RunFolder(job.folder).adapter(SELECTOR.name)
    again = replace(job, folder=tmp_path / "further", start={SELECTOR.name: first})
    run(again)
    second = RunFolder(again.folder).adapter(SELECTOR.name)
    before, after = (json.loads((folder / "history.json").read_text())[0]["loss"] for folder in (first, second))
    assert after < 0.9 * before
    assert read_manifest(second).training["start"] == read_manifest(first).weights_digest


def test_a_start_of_other_layers_is_refused(job: Job, tmp_path: Path) -> None:
    job = replace(job, targets=[SELECTOR])
    run(job)
    start = {SELECTOR.name: RunFolder(job.folder).adapter(SELECTOR.name)}
    other = QUICK.model_copy(update={"target_modules": ("q_proj",)})
    with pytest.raises(TrainingError, match="an adapter of other layers"):
        run(replace(job, folder=tmp_path / "further", start=start, hyperparameters=other))


@pytest.mark.parametrize(("rank", "rslora"), [(1, False), (2, True), (64, False), (QUICK.rank, False)])
def test_an_adapter_of_another_rank_or_scale_starts_as_near_as_it_can(job: Job, rank: int, rslora: bool) -> None:
    run(replace(job, targets=[SELECTOR]))
    folder = RunFolder(job.folder).adapter(SELECTOR.name)
    other = QUICK.model_copy(update={"rank": rank, "alpha": 3.0, "rslora": rslora})
    model = add_adapter(load_base(job.base.folder, QUICK, torch.device("cpu")), other)
    load_adapter(model, folder)
    given, got = load_file(folder / WEIGHTS), get_peft_model_state_dict(model)
    for below in (name for name in got if ".lora_A." in name):
        wanted = added(given, below, QUICK.alpha / QUICK.rank)
        found = added(got, below, 3.0 / (rank**0.5 if rslora else rank))
        left_out = torch.linalg.svdvals(wanted)[rank:]
        torch.testing.assert_close((wanted - found).norm(), left_out.norm(), rtol=1e-3, atol=1e-6)
        assert got[below].abs().sum(dim=1).all(), "a row of zeros would learn nothing"


def test_a_run_from_another_start_is_not_gone_on_with(job: Job) -> None:
    job = replace(job, targets=[SELECTOR])
    run(job)
    with pytest.raises(TrainingError, match="has a run with other start"):
        run(replace(job, start={SELECTOR.name: RunFolder(job.folder).adapter(SELECTOR.name)}))


def test_starts_are_the_adapters_that_lie_there(job: Job, tmp_path: Path) -> None:
    run(replace(job, targets=[SELECTOR]))
    folder = RunFolder(job.folder).adapter("")
    assert starts(job.targets, folder, job.base) == {SELECTOR.name: folder / SELECTOR.name}
    with pytest.raises(TrainingError, match="has none of the adapters files/arguments/read"):
        starts([Target(Role.ARGUMENTS, "files", "read")], folder, job.base)
    other = replace(job.base, model=replace(job.base.model, name="another", digest="f" * 64))
    with pytest.raises(TrainingError, match="and not on another \\(ffffffffffff\\)"):
        starts(job.targets, folder, other)


def test_argument_adapters_start_from_what_was_learnt_of_all_tools(job: Job) -> None:
    alone, together = job.folder / "alone", job.folder / "together"
    shared = QUICK.model_copy(update={"shared_epochs": 4, "patience": 4})
    run(replace(job, folder=alone))
    manifest, shown = run(replace(job, folder=together, hyperparameters=shared))
    assert "files: all arguments: " in shown
    assert list(manifest.shared) == ["files"]
    took = sum(trained.seconds for trained in (*manifest.shared.values(), *manifest.adapters.values()))
    assert manifest.seconds["adapters"] == pytest.approx(took)

    def first_loss(folder: Path, name: str) -> float:
        return float(json.loads((RunFolder(folder).adapter(name) / "history.json").read_text())[0]["loss"])

    for name in ("files/arguments/read", "files/arguments/read_all"):
        assert first_loss(together, name) < first_loss(alone, name)
    assert first_loss(together, "files/selector") == first_loss(alone, "files/selector")
    assert list((together / "checkpoints").rglob("*.pt")) == []


def test_what_arguments_have_in_common_is_learnt_further_from_the_mean_of_their_adapters(
    job: Job, tmp_path: Path
) -> None:
    targets = [target for target in job.targets if target.role is Role.ARGUMENTS]
    job = replace(job, targets=targets, hyperparameters=QUICK.model_copy(update={"shared_epochs": 1}))
    first, _ = run(job)
    folders = {target.name: RunFolder(job.folder).adapter(target.name) for target in targets}
    second, _ = run(replace(job, folder=tmp_path / "further", start=folders))
    assert second.shared["files"].metrics["loss"] < 0.9 * first.shared["files"].metrics["loss"]


def test_the_arguments_of_a_new_toolset_start_from_those_of_another(job: Job, tmp_path: Path) -> None:
    targets = [target for target in job.targets if target.role is Role.ARGUMENTS]
    job = replace(job, targets=targets, hyperparameters=QUICK.model_copy(update={"shared_epochs": 1}))
    first, _ = run(job)
    of_another = tmp_path / "another"
    shutil.copytree(RunFolder(job.folder).adapter("files"), of_another / "documents")
    found = starts(targets, of_another, job.base, share=True)
    assert sorted(found) == ["documents/arguments/read", "documents/arguments/read_all"]
    with pytest.raises(TrainingError, match="has none of the adapters"):
        starts(targets, of_another, job.base)
    new = replace(job, folder=tmp_path / "new", start=found)
    second, _ = run(new)
    assert second.shared["files"].metrics["loss"] < 0.9 * first.shared["files"].metrics["loss"]
    digests = {name: read_manifest(folder).weights_digest for name, folder in found.items()}
    for target in targets:
        assert read_manifest(RunFolder(new.folder).adapter(target.name)).training["start"] == digests


@pytest.mark.parametrize("rank", [4, 1])
def test_the_mean_of_adapters_is_that_of_what_they_add(job: Job, tmp_path: Path, rank: int) -> None:
    targets = [target for target in job.targets if target.role is Role.ARGUMENTS]
    ranks = (QUICK.rank, 2)
    folders = []
    for number, target in zip(ranks, targets, strict=True):
        alike = QUICK.model_copy(update={"rank": number})
        run(replace(job, folder=tmp_path / target.name, targets=[target], hyperparameters=alike))
        folders.append(RunFolder(tmp_path / target.name).adapter(target.name))
    other = QUICK.model_copy(update={"rank": rank})
    model = add_adapter(load_base(job.base.folder, QUICK, torch.device("cpu")), other)
    load_adapter(model, *folders)
    one, two = (load_file(folder / WEIGHTS) for folder in folders)
    got = get_peft_model_state_dict(model)
    for below in (name for name in got if ".lora_A." in name):
        scales = [QUICK.alpha / number for number in ranks]
        wanted = (added(one, below, scales[0]) + added(two, below, scales[1])) / 2
        found = added(got, below, QUICK.alpha / rank)
        left_out = torch.linalg.svdvals(wanted)[rank:]
        torch.testing.assert_close((wanted - found).norm(), left_out.norm(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("shared_epochs", [0, 2])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.9, 1.0])
def test_an_interrupted_run_goes_on_and_gives_the_same_adapters(
    share: float, shared_epochs: int, job: Job, tmp_path: Path
) -> None:
    """Stopped where it asks whether to: while it renders, computes prefixes, trains the first adapter or the last."""
    job = replace(job, hyperparameters=QUICK.model_copy(update={"shared_epochs": shared_epochs}))
    asked = count(1)
    run(replace(job, folder=tmp_path / "whole"), lambda: next(asked) < 0)
    in_all = next(asked) - 1
    asked = count(1)
    with pytest.raises(Interrupted):
        run(job, lambda: next(asked) >= share * in_all)
    manifest, _ = run(job)
    assert weights(job.folder) == weights(tmp_path / "whole") != {}
    took = sum(trained.seconds for trained in (*manifest.shared.values(), *manifest.adapters.values()))
    assert manifest.seconds["adapters"] == pytest.approx(took)


def test_what_is_trained_is_not_trained_again(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _ = run(replace(job, targets=[SELECTOR]))
    trained = weights(job.folder)
    both, shown = run(replace(job, targets=decoupled(FILES)[:2]))
    assert "files/selector" not in shown
    assert both.adapters["files/selector"] == before.adapters["files/selector"]
    assert list(both.adapters) == ["files/selector", "files/arguments/read"]
    assert trained.items() <= weights(job.folder).items()
    monkeypatch.setattr("training.fit.Fit._train", None)
    assert run(replace(job, targets=decoupled(FILES)[:2]))[0].adapters == both.adapters


def test_an_adapter_without_examples_is_named_and_the_others_are_trained(job: Job) -> None:
    only_read = [demonstration(f"d{n}", read(f"{n}.txt")) for n in range(6)]
    manifest, _ = run(replace(job, demonstrations=only_read))
    assert list(manifest.adapters) == ["files/selector", "files/arguments/read", "files/summary"]
    assert manifest.without_examples == ["files/arguments/read_all"]


def test_the_baseline_and_the_router_are_trained_from_the_same_data(job: Job) -> None:
    targets = [Target(Role.TRADITIONAL, "files"), Target(Role.ROUTER)]
    manifest, _ = run(replace(job, targets=targets))
    counts = {name: trained.examples for name, trained in manifest.adapters.items()}
    assert counts == {"files/traditional": 14 * 3, "router": 14}
    router = read_manifest(RunFolder(job.folder).adapter("router"))
    assert (router.role, router.toolset, router.tool, router.toolsets) == (Role.ROUTER, None, None, ("files",))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("hyperparameters", lambda job: replace(job, hyperparameters=Hyperparameters())),
        ("trajectories", lambda job: replace(job, trajectories={"trajectories.jsonl": "1" * 64})),
        ("held out", lambda job: replace(job, held_out=frozenset({"t0"}))),
        ("base model", lambda job: replace(job, base=replace(job.base, model=replace(job.base.model, digest="other")))),
    ],
)
def test_a_folder_with_a_run_of_something_else_is_refused(field: str, change: Any, job: Job) -> None:
    run(replace(job, targets=[]))
    with pytest.raises(TrainingError, match=f"has a run with other {field}"):
        run(change(job))


def test_a_model_without_such_layers_is_told_so(job: Job) -> None:
    with pytest.raises(TrainingError, match=r"target_modules: .*nowhere"):
        run(replace(job, hyperparameters=QUICK.model_copy(update={"target_modules": ("nowhere",)})))


def test_a_model_that_cannot_be_loaded_is_named(job: Job, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=f"the model in {tmp_path} cannot be loaded"):
        run(replace(job, base=replace(job.base, folder=str(tmp_path))))
