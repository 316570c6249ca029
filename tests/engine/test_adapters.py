"""Adapters on the running server: which stage uses which, and loading them while it serves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion

from adapters import Role
from tests.engine.adapter_files import NOTES, RANK, AdapterFiles
from tests.engine.serving import Server
from tests.engine.tools import as_tools, called, complete, user

pytestmark = pytest.mark.engine

QUESTION = [user("Read my note about cheese.")]
TOOLS = as_tools(NOTES)
READ_NOTE = "notes/arguments/read_note"


def write_arguments(client: OpenAI, tool: str = "read_note", **more: Any) -> ChatCompletion:
    """The first words of the arguments of `tool`, which is the only one."""
    choice = {"type": "function", "function": {"name": tool}}
    return complete(client, messages=QUESTION, tools=TOOLS, tool_choice=choice, max_tokens=16, **more)


def adapters_used(answer: ChatCompletion) -> dict[str, str | None]:
    return {stage["stage"]: stage["adapter"] for stage in answer.model_extra["dualtune"]["stages"]}  # type: ignore[index]


def loaded(server: Server) -> set[str]:
    return {row["id"] for row in server.http.get("/v1/adapters").json()["data"] if row["loaded"]}


@pytest.fixture
def read_note(server: Server, adapter_files: AdapterFiles) -> Iterator[Callable[[int], None]]:
    """Puts an adapter for the arguments of `read_note` in the store and has the server load it, seed by seed."""
    place: Path | None = None

    def load(seed: int) -> None:
        nonlocal place
        place = adapter_files.install(Role.ARGUMENTS, "read_note", seed=seed)
        answer = server.http.post("/v1/adapters/load", json={"name": READ_NOTE})
        assert answer.status_code == 200, answer.text

    yield load
    server.http.post("/v1/adapters/unload", json={"name": READ_NOTE})
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)


def test_the_store_and_the_toolsets_say_what_is_loaded(server: Server) -> None:
    assert loaded(server) == {"notes/selector", "notes/arguments/add_note"}
    (toolset,) = server.http.get("/v1/toolsets").json()["data"]
    assert (toolset["id"], toolset["selector"]) == ("notes", "notes/selector")
    assert {tool["name"]: tool["adapter"] for tool in toolset["tools"]} == {
        "read_note": None,
        "add_note": "notes/arguments/add_note",
        "count_notes": None,
    }


def test_each_stage_uses_its_adapter_where_there_is_one(client: OpenAI) -> None:
    answer = complete(client, messages=QUESTION, tools=TOOLS, tool_choice="required", max_tokens=16)
    assert adapters_used(answer)["select"] == "notes/selector"
    assert adapters_used(write_arguments(client, "add_note"))["arguments"] == "notes/arguments/add_note"
    assert adapters_used(write_arguments(client, "read_note"))["arguments"] is None
    assert adapters_used(write_arguments(client, "add_note", model="dualtune-base"))["arguments"] is None


def test_a_name_with_its_servers_prefix_uses_the_same_adapter(client: OpenAI) -> None:
    tools: Any = json.loads(json.dumps(TOOLS).replace('"name": "', '"name": "mcp__notes__'))
    choice = {"type": "function", "function": {"name": "mcp__notes__add_note"}}
    answer = complete(client, messages=QUESTION, tools=tools, tool_choice=choice, max_tokens=16)
    assert adapters_used(answer)["arguments"] == "notes/arguments/add_note"
    assert called(answer) == [("mcp__notes__add_note", called(write_arguments(client, "add_note"))[0][1])]


def test_a_tool_whose_schema_changed_is_served_without_its_adapter_and_the_answer_says_so(client: OpenAI) -> None:
    tools: Any = json.loads(json.dumps(TOOLS).replace('"string"', '"boolean"'))
    choice = {"type": "function", "function": {"name": "add_note"}}
    answer = complete(client, messages=QUESTION, tools=tools, tool_choice=choice)
    assert adapters_used(answer)["arguments"] is None
    assert "another schema" in answer.model_extra["dualtune"]["stages"][-1]["note"]  # type: ignore[index]
    assert set(json.loads(called(answer)[0][1])) == {"title", "text"}


def test_a_name_loaded_again_gives_the_new_weights_and_never_the_old_ones_cache(
    client: OpenAI, read_note: Callable[[int], None]
) -> None:
    base = called(write_arguments(client))
    outputs = []
    for seed in (11, 12, 11):
        read_note(seed)
        outputs += [called(write_arguments(client)), called(write_arguments(client))]
    first, first_again, second, second_again, third, third_again = outputs
    assert first == first_again == third == third_again
    assert second == second_again
    assert base != first != second != base


def test_an_adapter_that_is_unloaded_is_used_no_more(
    server: Server, client: OpenAI, read_note: Callable[[int], None]
) -> None:
    base = called(write_arguments(client))
    read_note(11)
    assert adapters_used(write_arguments(client))["arguments"] == READ_NOTE
    answer = server.http.post("/v1/adapters/unload", json={"name": READ_NOTE})
    assert answer.json() == {"id": READ_NOTE, "object": "adapter", "loaded": False}
    assert READ_NOTE not in loaded(server)
    assert called(write_arguments(client)) == base
    again = server.http.post("/v1/adapters/unload", json={"name": READ_NOTE})
    assert (again.status_code, again.json()["error"]["code"]) == (400, "adapter_not_loaded")


def test_a_stream_ends_with_the_adapter_that_it_began_with(
    server: Server, client: OpenAI, read_note: Callable[[int], None]
) -> None:
    read_note(11)
    choice: Any = {"type": "function", "function": {"name": "read_note"}}
    body: Any = {"messages": QUESTION, "tools": TOOLS, "tool_choice": choice, "temperature": 0, "max_tokens": 48}
    whole = complete(client, **body)
    with client.chat.completions.stream(model="dualtune", **body) as stream:
        next(event for event in stream if event.type == "tool_calls.function.arguments.delta")
        read_note(12)
        assert called(stream.until_done().current_completion_snapshot) == called(whole)
    assert called(complete(client, **body)) != called(whole)


def test_an_adapter_whose_folder_is_deleted_goes_on_as_it_was(
    server: Server, client: OpenAI, adapter_files: AdapterFiles, read_note: Callable[[int], None]
) -> None:
    read_note(11)
    before = called(write_arguments(client))
    shutil.rmtree(adapter_files.root / adapter_files.base.name / READ_NOTE)
    assert called(write_arguments(client)) == before
    again = server.http.post("/v1/adapters/load", json={"name": READ_NOTE})
    assert again.status_code == 400
    assert called(write_arguments(client)) == before


def missing_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()


def missing_config(folder: Path) -> None:
    (folder / "adapter_config.json").unlink()


def truncated(folder: Path) -> None:
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def of_another_model(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = folder / "adapter_model.safetensors"
    save_file({name: tensor[:, :-1].copy() for name, tensor in load_file(weights).items()}, weights)


def of_a_rank_that_is_not_its_own(folder: Path) -> None:
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace(f'"r": {RANK}', '"r": 4'))


def of_a_rank_above_the_limit(folder: Path) -> None:
    config = folder / "adapter_config.json"
    config.write_text(config.read_text().replace(f'"r": {RANK}', '"r": 4096'))


def with_a_pickle(folder: Path) -> None:
    (folder / "adapter_model.bin").write_bytes(b"")


@pytest.mark.parametrize(
    "break_",
    [
        missing_weights,
        missing_config,
        truncated,
        of_another_model,
        of_a_rank_that_is_not_its_own,
        of_a_rank_above_the_limit,
        with_a_pickle,
    ],
)
def test_a_broken_adapter_is_refused_and_the_engine_lives_on(
    server: Server, client: OpenAI, adapter_files: AdapterFiles, break_: Callable[[Path], None]
) -> None:
    engine = server.engine_process()
    folder = adapter_files.install(Role.ARGUMENTS, "count_notes", seed=3)
    try:
        break_(folder)
        answer = server.http.post("/v1/adapters/load", json={"name": "notes/arguments/count_notes"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_adapter")
        (problem,) = server.http.get("/v1/adapters").json()["problems"]
        assert problem["folder"] == "count_notes"
    finally:
        shutil.rmtree(folder)
    assert adapters_used(write_arguments(client, "count_notes"))["arguments"] is None
    assert server.engine_process() == engine


@pytest.mark.parametrize("name", ["nobody", "../../../etc", "/etc", "notes/arguments/../selector", "notes//selector"])
def test_only_names_of_the_store_are_loaded(server: Server, name: str) -> None:
    answer = server.http.post("/v1/adapters/load", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_adapter")
