"""A good adapter is described; one with a file missing, foreign or spoilt is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import Adapter, AdapterError, BaseModel, Kind, check_adapter, read_manifest

MANIFEST = "manifest.json"
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
AGAIN = "train the adapter again or copy it again"

MakeAdapter = Callable[..., Path]
Check = Callable[[Path], Adapter]
Damage = Callable[[Path], object]


@pytest.mark.parametrize(("kind", "tokens"), [(Kind.LORA, ()), (Kind.ALORA, (7, 8, 9))])
def test_an_adapter_saved_by_peft_is_described(
    kind: Kind, tokens: tuple[int, ...], make_adapter: MakeAdapter, check: Check
) -> None:
    folder = make_adapter(kind=kind)
    manifest = read_manifest(folder)
    assert check(folder) == Adapter(
        name="filesystem/selector",
        path=folder.resolve(),
        manifest=manifest,
        kind=kind,
        rank=8,
        invocation_tokens=tokens,
        version=manifest.weights_digest,
    )


def test_adapters_and_base_models_are_values(make_adapter: MakeAdapter, check: Check, base: BaseModel) -> None:
    folder = make_adapter()
    assert len({check(folder), check(folder)}) == 1
    assert len({base, replace(base)}) == 1


def test_a_version_follows_the_weights_and_nothing_else(
    make_adapter: MakeAdapter, change_tensors: Callable[..., None], check: Check
) -> None:
    one, again, other = make_adapter("one"), make_adapter("again", metrics={}), make_adapter("other")
    change_tensors(other, lambda before: {key: tensor + 1 for key, tensor in before.items()})
    versions = [check(folder).version for folder in (one, again, other)]
    assert versions[0] == versions[1] != versions[2]


def test_an_adapter_is_held_against_the_base_model_that_is_served(make_adapter: MakeAdapter, base: BaseModel) -> None:
    shapes = {module: (rows, columns + 1) for module, (rows, columns) in base.shapes.items()}
    with pytest.raises(AdapterError, match=r"lora_A of '.*' has the shape"):
        check_adapter(make_adapter(), replace(base, shapes=shapes), max_rank=8, prompt_format=3)


def removed(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def overwritten(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def a_folder(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def linked_to_itself(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(name)

    return damage


def linked_from_outside(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).rename(folder.parent / name)
        (folder / name).symlink_to(folder.parent / name)

    return damage


def a_file_for_a_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


FILE_DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "no folder": (
        shutil.rmtree,
        f"the adapter's folder cannot be read: No such file or directory; {AGAIN}",
        "folder",
    ),
    "a file for a folder": (
        a_file_for_a_folder,
        f"the adapter's folder cannot be read: Not a directory; {AGAIN}",
        "folder",
    ),
    "no manifest": (removed(MANIFEST), f"manifest.json is missing; {AGAIN}", MANIFEST),
    "no config": (removed(CONFIG), f"adapter_config.json is missing; {AGAIN}", CONFIG),
    "no weights": (removed(WEIGHTS), f"adapter_model.safetensors is missing; {AGAIN}", WEIGHTS),
    "weights are a folder": (a_folder(WEIGHTS), f"adapter_model.safetensors is not a file; {AGAIN}", WEIGHTS),
    "config links to itself": (linked_to_itself(CONFIG), f"adapter_config.json is not a file; {AGAIN}", CONFIG),
    **{
        f"{name} linked from outside": (
            linked_from_outside(name),
            f"{name} is a link to outside its folder; copy the file itself",
            name,
        )
        for name in (MANIFEST, CONFIG, WEIGHTS)
    },
    "pickled weights alone": (
        lambda folder: (folder / WEIGHTS).rename(folder / "adapter_model.bin"),
        "'adapter_model.bin' may be a pickle, which can run code; save the weights as adapter_model.safetensors "
        "and delete it",
        "adapter_model.bin",
    ),
    "a pickle beside": (
        overwritten("optimizer.PT", b""),
        "'optimizer.PT' may be a pickle, which can run code; save the weights as adapter_model.safetensors "
        "and delete it",
        "optimizer.PT",
    ),
    "manifest is not JSON": (
        overwritten(MANIFEST, b"{"),
        "manifest.json: invalid JSON: EOF while parsing an object at line 1 column 1; "
        "train the adapter again or restore the file",
        MANIFEST,
    ),
    "manifest is not UTF-8": (
        overwritten(MANIFEST, b'{"role": "\xff"}'),
        "manifest.json: invalid JSON: invalid unicode code point at line 1 column 11; "
        "train the adapter again or restore the file",
        MANIFEST,
    ),
    "manifest nested without end": (
        overwritten(MANIFEST, b"[" * 100_000),
        "manifest.json: invalid JSON: recursion limit exceeded at line 1 column 202; "
        "train the adapter again or restore the file",
        MANIFEST,
    ),
    "config is empty": (
        overwritten(CONFIG, b""),
        "adapter_config.json: invalid JSON: EOF while parsing a value at line 1 column 0; "
        "train the adapter again as a plain LoRA or aLoRA",
        CONFIG,
    ),
    "config is a list": (
        overwritten(CONFIG, b"[]"),
        "adapter_config.json: input should be an object; train the adapter again as a plain LoRA or aLoRA",
        CONFIG,
    ),
}


@pytest.mark.parametrize("name", FILE_DAMAGES)
def test_an_adapter_with_a_bad_file_is_refused_with_the_fault_and_the_remedy(
    name: str, make_adapter: MakeAdapter, refusal: Callable[[Path], tuple[str, str]]
) -> None:
    damage, *expected = FILE_DAMAGES[name]
    folder = make_adapter()
    damage(folder)
    assert refusal(folder) == tuple(expected)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_damage_to_a_header_escapes_as_another_error(
    data: st.DataObject, make_adapter: MakeAdapter, check: Check, tmp_path: Path
) -> None:
    good = tmp_path / "good"
    if not good.exists():
        make_adapter("good")
    spoilt = shutil.copytree(good, tmp_path / "spoilt", dirs_exist_ok=True)
    file = data.draw(st.sampled_from([WEIGHTS, CONFIG, MANIFEST]), label="file")
    content = bytearray((good / file).read_bytes())
    header = 8 + int.from_bytes(content[:8], "little") if file == WEIGHTS else len(content)
    flips = data.draw(st.lists(st.tuples(st.integers(0, header - 1), st.integers(1, 255)), max_size=4), label="flips")
    for at, mask in flips:
        content[at] ^= mask
    kept = data.draw(st.one_of(st.just(len(content)), st.integers(0, header)), label="kept")
    (spoilt / file).write_bytes(content[:kept])
    changed = content[:kept] != (good / file).read_bytes()
    try:
        check(spoilt)
    except AdapterError as error:
        assert changed
        assert len(str(error).splitlines()) == 1
    else:
        # Of the weights not a bit may change; of the other files, what has no meaning here.
        assert file != WEIGHTS or not changed


@pytest.mark.parametrize(
    "members",
    [
        {"target_modules": r".*\.(q_proj|v_proj|down_proj)"},
        {"rank_pattern": {"model.layers.1.mlp.down_proj": 8, "down_proj": 4}, "alpha_pattern": None},
        {"use_rslora": True, "init_lora_weights": "gaussian", "lora_dropout": 0.1},
        {"a_member_of_a_later_peft": 1},
    ],
    ids=["targets as a pattern", "first pattern that fits", "rsLoRA", "unknown member"],
)
def test_configurations_that_the_engine_can_serve_pass(
    members: dict[str, Any], make_adapter: MakeAdapter, set_members: Callable[..., None], check: Check
) -> None:
    folder = make_adapter()
    set_members(folder / CONFIG, members)
    assert check(folder).name == "filesystem/selector"


def test_other_files_beside_an_adapter_do_no_harm(make_adapter: MakeAdapter, check: Check) -> None:
    folder = make_adapter()
    (folder / "README.md").write_text("Trained on a Tuesday.")
    assert check(folder).name == "filesystem/selector"
