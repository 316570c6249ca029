"""`dualtune train` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.cli import CommandError
from server.prompt import Prompts
from tests.server.toy import template
from tests.training.command_line import fit, train


def test_split_shows_the_tools_of_each_side_and_writes_their_ids(workplace: Path) -> None:
    shown = json.loads(train("split", "t.jsonl", "--test-tasks", "2", "--out", "split.json"))
    assert shown == {
        "train": {"tasks": 8, "tools": {"read": 4, "read_all": 4}},
        "validation": {"tasks": 2, "tools": {"read": 1, "read_all": 1}},
        "test": {"tasks": 2, "tools": {"read": 1, "read_all": 1}},
        "unused": {"tasks": 0, "tools": {}},
    }
    assert len(json.loads((workplace / "split.json").read_text())["train"]) == 8


def test_split_keeps_the_share_for_validation_that_is_asked_for(workplace: Path) -> None:
    shown = json.loads(train("split", "t.jsonl", "--test-tasks", "2", "--validation-share", "0.6"))
    assert (shown["train"]["tasks"], shown["validation"]["tasks"]) == (4, 6)


def test_examples_counts_and_writes_what_each_adapter_learns(workplace: Path) -> None:
    shown = json.loads(train("examples", "t.jsonl", "--adapter", "arguments/read", "--out", "examples.jsonl"))
    lines = [json.loads(line) for line in (workplace / "examples.jsonl").read_text().splitlines()]
    tokens = [sum(len(segment["ids"]) for segment in line["segments"]) for line in lines]
    assert shown == {
        "adapters": {
            "files/arguments/read": {
                "examples": 6,
                "tokens": sum(tokens),
                "learnt_tokens": sum(sum(line["mask"]) for line in lines),
            }
        },
        "left_out": {},
    }
    assert [len(line["mask"]) for line in lines] == tokens
    assert {line["segments"][-1]["label"] for line in lines} == {"arguments"}


def test_inspect_shows_an_example_of_each_adapter_as_the_model_sees_it(workplace: Path) -> None:
    shown = train("inspect", "t.jsonl")
    for words in ("files/selector", "files/arguments/read_all", "which tool of files?", "tool_name", "Read all"):
        assert words in shown
    lines = [json.loads(line) for line in train("inspect", "t.jsonl", "--json", "--count", "2").splitlines()]
    assert [line["adapter"] for line in lines] == [
        *["files/selector"] * 2,
        *["files/arguments/read"] * 2,
        *["files/arguments/read_all"] * 2,
        *["files/summary"] * 2,
    ]
    suffix = Prompts(template()).invocation_ids
    assert all(line["segments"][1]["ids"] == list(suffix) for line in lines)


def test_fit_trains_and_installs_and_goes_on_where_it_was(workplace: Path) -> None:
    manifest = fit("--adapter", "selector")
    assert list(manifest["adapters"]) == ["files/selector"]
    manifest = fit("--install")
    assert list(manifest["adapters"]) == [
        *("files/selector", "files/arguments/read", "files/arguments/read_all", "files/summary")
    ]
    installed = sorted(file.parent for file in (workplace / "store").rglob("adapter_model.safetensors"))
    assert [str(folder.relative_to(workplace / "store")) for folder in installed] == [
        "tiny-llama/files/arguments/read",
        "tiny-llama/files/arguments/read_all",
        "tiny-llama/files/selector",
        "tiny-llama/files/summary",
    ]


def test_only_what_the_store_lacks_is_trained_when_asked_for(workplace: Path) -> None:
    fit("--adapter", "arguments/read", "--install")
    made = fit("--missing", "--run", "another")
    assert list(made["adapters"]) == ["files/selector", "files/arguments/read_all", "files/summary"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "rank"], "--set rank: write NAME=VALUE"),
        (["--set", "rank=0"], "--set rank: Input should be greater than or equal to 1"),
        (["--set", "rang=8"], "--set rang: Extra inputs are not permitted"),
        (["--adapter", "arguments/delete"], "--adapter arguments/delete: there is no such adapter; there are: files/"),
        (["--model", "./nowhere"], "there is no such folder"),
        (["--toolsets", "."], "the trajectories use the toolset 'files'; there are: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(workplace: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as caught:
        train("fit", "t.jsonl", "--run", "run", *arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [("", "there is no trajectory in t.jsonl"), ("{}", "t.jsonl:1: id")])
def test_trajectories_that_cannot_be_used_are_named(workplace: Path, content: str, message: str) -> None:
    (workplace / "t.jsonl").write_text(content)
    with pytest.raises(CommandError, match=message):
        train("examples", "t.jsonl")


def test_a_folder_that_is_no_run_cannot_be_installed(workplace: Path) -> None:
    with pytest.raises(CommandError, match=r"is not the folder of a training run: it has no run\.json"):
        train("install", "store")
