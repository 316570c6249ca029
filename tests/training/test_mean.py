"""One adapter of several."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from adapters import check_adapter, describe_base_model, read_manifest
from adapters.check import WEIGHTS
from server.cli import CommandError
from server.prompt import PROMPT_FORMAT
from tests.training.command_line import fit, train
from tests.training.world import added

SELECTOR = "files/selector"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of `two` are kept: to train them is what takes long here."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def two(workplace: Path, trained: Path) -> list[Path]:
    """The adapters of two runs; the selector is in both, of the ranks 3 and 2."""
    if not list(trained.iterdir()):
        both = ["--adapter", "selector", "--adapter", "arguments/read"]
        fit("--run", str(trained / "one"), *both, "--set", "rank=3", "--set", "seed=1")
        fit("--run", str(trained / "two"), *both[:2], "--set", "learning_rate=1e-2")
    shutil.copytree(trained, ".", dirs_exist_ok=True)
    return [Path("one/adapters"), Path("two/adapters")]


def test_the_mean_of_adapters_of_several_runs_is_installed(two: list[Path], workplace: Path, checkpoint: Path) -> None:
    train("mean", *map(str, two))
    (place,) = (file.parent for file in (workplace / "store").rglob(WEIGHTS))
    assert place == workplace / "store" / "tiny-llama" / SELECTOR
    base = describe_base_model(str(checkpoint), name="tiny-llama")
    assert check_adapter(place, base, max_rank=3, prompt_format=PROMPT_FORMAT).rank == 3
    adapters = [load_file(folder / WEIGHTS) for folder in (two[0] / SELECTOR, two[1] / SELECTOR, place)]
    for below in (name for name in adapters[-1] if ".lora_A." in name):
        one, other, found = (added(each, below, 16 / len(each[below])) for each in adapters)
        wanted = (one + other) / 2
        left_out = torch.linalg.svdvals(wanted)[3:].norm()
        torch.testing.assert_close((wanted - found).norm(), left_out, rtol=1e-3, atol=1e-5)
        assert (wanted - found).norm() < min((wanted - each).norm() for each in (one, other))


def test_a_mean_says_what_it_is_of_and_nothing_that_was_not_measured(two: list[Path], workplace: Path) -> None:
    train("mean", *map(str, two))
    of = {(manifest := read_manifest(folder / SELECTOR)).weights_digest: manifest.training for folder in two}
    mean = read_manifest(workplace / "store" / "tiny-llama" / SELECTOR)
    assert (mean.training, mean.metrics) == ({"mean_of": of}, {})
    assert mean.weights_digest not in of


def test_what_is_copied_by_a_mean_was_copied_wherever_it_was_learnt(two: list[Path], workplace: Path) -> None:
    read = Path("files/arguments/read")
    shutil.copytree(two[0] / read, two[1] / read)
    change(two[0] / read, copied=["path", "name"])
    change(two[1] / read, copied=["path"])
    train("mean", *map(str, two))
    assert read_manifest(workplace / "store/tiny-llama" / read).copied == ("path",)


def change(folder: Path, **members: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | members))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"tools_digest": "f" * 64},
            "manifest.json: tools_digest: not as in one/adapters/files/selector; a mean is of",
        ),
        ({"prompt_format": 99}, "manifest.json: prompt_format: not as in one/adapters/files/selector; a mean is of"),
        ({"role": "king"}, "files/selector: manifest.json: role: "),
    ],
)
def test_adapters_that_have_no_mean_are_named(two: list[Path], members: dict[str, object], message: str) -> None:
    change(two[1] / SELECTOR, **members)
    with pytest.raises(CommandError) as caught:
        train("mean", *map(str, two))
    assert message in str(caught.value)


def test_an_ordinary_lora_and_an_activated_one_have_no_mean(two: list[Path]) -> None:
    fit("--run", "three", "--adapter", "selector", "--set", "kind=lora")
    with pytest.raises(CommandError, match=r"adapter_config\.json: alora_invocation_tokens: not as in"):
        train("mean", str(two[0]), "three/adapters")


def test_adapters_of_other_layers_have_no_mean(two: list[Path]) -> None:
    fit("--run", "three", "--adapter", "selector", "--set", "target_modules=['down_proj']")
    with pytest.raises(CommandError, match="an adapter of other layers"):
        train("mean", str(two[0]), "three/adapters")


def test_folders_without_an_adapter_in_common_have_no_mean(two: list[Path]) -> None:
    with pytest.raises(CommandError, match="no adapter lies in more than one of one, two/adapters; name folders"):
        train("mean", "one", "two/adapters")
