"""Which adapter decodes a stage, and what its prompt then leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters import Adapter, Role
from server.constraints import JsonSchema
from server.conversation import Call, Message
from server.decode.events import ArgumentsPiece, StageDone
from server.decode.menu import group_tools
from server.decode.request import StepRequest
from server.engine.base import Sampling
from server.engine.scripted import ScriptedEngine
from server.profiles import PROFILES
from server.prompt import Stage
from tests.server.decoding import asked, decoded
from tests.server.toy import ADAPTERS, ADD, FILES, READ, READ_ALL, SEND, ToyStore, adapter, engine, schema
from toolsets import Registry, Tool, Toolset

SELECTOR, TRADITIONAL, ARGUMENTS = ADAPTERS
ROUTER = adapter(Role.ROUTER)
STORE = ToyStore(loaded=[*ADAPTERS, ROUTER])


def script() -> ScriptedEngine:
    return engine(route="files", select="read", arguments='{"path":"a"}')


async def used(
    request: StepRequest, store: ToyStore | None = STORE
) -> list[tuple[Stage, str | None, str | None, bool]]:
    """Of each stage: its name, its adapter, its note, and whether its prompt describes what there is to choose."""
    scripted = script()
    events = await decoded(request, scripted, store)
    reports = [event for event in events if isinstance(event, StageDone)]
    assert [report.adapter for report in reports] == [
        seen.adapter.name if seen.adapter else None for seen in scripted.generations
    ]
    return [
        (report.stage, report.adapter, report.note, "Answer with" in seen.prompt.text)
        for report, seen in zip(reports, scripted.generations, strict=True)
    ]


async def test_the_default_profile_uses_a_selector_and_an_adapter_for_each_tool() -> None:
    assert await used(asked(READ, READ_ALL, SEND)) == [
        (Stage.ROUTE, "router", None, False),
        (Stage.SELECT, "files/selector", None, False),
        (Stage.ARGUMENTS, "files/arguments/read", None, False),
    ]


async def test_arguments_that_were_copied_in_training_are_held_to_what_was_said() -> None:
    copying = adapter(Role.ARGUMENTS, "files", "read", READ.digest, copied=("path",))
    scripted = script()
    request = replace(asked(READ, READ_ALL), messages=(*AFTER_A_TOOL, Message("user", "And b?")))
    await decoded(request, scripted, ToyStore(loaded=[SELECTOR, copying]))
    expected = JsonSchema(READ.parameters, ("path",), "What does a say?\n\na\nhello\nAnd b?")
    assert scripted.generations[-1].constraint == expected
    scripted = script()
    await decoded(request, scripted, STORE)
    assert scripted.generations[-1].constraint == JsonSchema(READ.parameters)


@pytest.mark.parametrize(
    ("written", "given_on"),
    [
        ('{"path":"b.md"}', '{"path":"x/b.md"}'),
        ('{"path":"x/b.md"}', '{"path":"x/b.md"}'),
        ('{"path":"b.', '{"path":"b.'),
    ],
    ids=["its end", "all of it", "cut off"],
)
async def test_a_path_that_was_copied_is_given_on_whole(written: str, given_on: str) -> None:
    copying = adapter(Role.ARGUMENTS, "files", "read", READ.digest, copied=("path",))
    request = replace(asked(READ, READ_ALL), messages=(Message("user", "Show me x/b.md"),))
    scripted = engine(select="read", arguments=written)
    events = await decoded(request, scripted, ToyStore(loaded=[SELECTOR, copying]))
    assert [event.text for event in events if isinstance(event, ArgumentsPiece)] == [given_on]


async def test_a_list_that_only_repeats_itself_is_ended_and_the_decode_with_it() -> None:
    take = Tool("take", "Take files.", schema(paths={"type": "array", "items": {"type": "string"}}))
    copying = adapter(Role.ARGUMENTS, "files", "take", take.digest, copied=("paths",))
    groups = group_tools((take,), Registry({"files": Toolset("files", "Files.", (take,))}))
    request = StepRequest(PROFILES["dualtune"], (Message("user", "Take a and b"),), groups)
    scripted = engine(select="take", arguments='{"paths":["a","b"' + ',"a"' * 1000)
    events = await decoded(request, scripted, ToyStore(loaded=[copying]))
    assert "".join(event.text for event in events if isinstance(event, ArgumentsPiece)) == '{"paths":["a","b"]}'
    report = next(event for event in events if isinstance(event, StageDone) and event.stage is Stage.ARGUMENTS)
    assert (report.finish, report.completion_tokens < 100) == ("stop", True)


@pytest.mark.parametrize(
    ("arguments", "given_on", "finish"),
    [
        ('{"text":"a' + "\\n" * 1000, '{"text":"a"}', "stop"),
        ('{"text":"a' + "\\nb" * 1000, '{"text":"a' + "\\nb" * 1000, "length"),
    ],
    ids=["line breaks", "more than those"],
)
async def test_a_text_that_only_goes_on_with_line_breaks_is_ended_where_they_begin(
    arguments: str, given_on: str, finish: str
) -> None:
    note = Tool("note", "Note a text.", schema(text={"type": "string"}))
    request = StepRequest(PROFILES["dualtune"], (Message("user", "Note a"),), group_tools((note,), Registry({})))
    events = await decoded(replace(request, max_tokens=300), engine(select="note", arguments=arguments))
    written = "".join(event.text for event in events if isinstance(event, ArgumentsPiece))
    report = next(event for event in events if isinstance(event, StageDone) and event.stage is Stage.ARGUMENTS)
    assert given_on.startswith(written) and report.finish == finish
    assert (written == given_on) == (finish == "stop")


async def test_a_tool_without_an_adapter_is_described_to_the_base_model() -> None:
    scripted = engine(select="read_all", arguments="{}")
    await decoded(asked(READ, READ_ALL), scripted, STORE)
    assert [(seen.adapter, "Read all files." in seen.prompt.text) for seen in scripted.generations] == [
        (SELECTOR, False),
        (None, True),
    ]


async def test_the_traditional_profile_uses_one_adapter_for_both_stages() -> None:
    assert await used(asked(READ, READ_ALL, SEND, profile="dualtune-traditional")) == [
        (Stage.ROUTE, None, None, True),
        (Stage.SELECT, "files/traditional", None, False),
        (Stage.ARGUMENTS, "files/traditional", None, False),
    ]


async def test_the_base_profile_and_a_server_without_a_store_use_none() -> None:
    base = [(stage, None, None, True) for stage in (Stage.ROUTE, Stage.SELECT, Stage.ARGUMENTS)]
    assert await used(asked(READ, READ_ALL, SEND, profile="dualtune-base")) == base
    assert await used(asked(READ, READ_ALL, SEND), None) == base


async def test_the_final_answer_comes_from_the_base_model() -> None:
    scripted = engine(select="summarize", answer="Hi.")
    await decoded(asked(READ, READ_ALL), scripted, STORE)
    assert [seen.adapter for seen in scripted.generations] == [SELECTOR, None]


AFTER_A_TOOL = (
    Message("user", "What does a say?"),
    Message("assistant", "", calls=(Call("c1", "read", '{"path":"a"}'),)),
    Message("tool", "hello", call_id="c1", name="read"),
)
SUMMARY = adapter(Role.SUMMARY, "files")


async def answered(request: StepRequest, *loaded: Adapter) -> tuple[Adapter | None, bool]:
    """The adapter that writes the answer, and whether it is asked to tell the user."""
    scripted = engine(route="files", select="summarize", answer="It says hello.")
    await decoded(request, scripted, ToyStore(loaded=[*ADAPTERS, *loaded]))
    seen = scripted.generations[-1]
    assert seen.prompt.stage is Stage.ANSWER
    return seen.adapter, "tell the user" in seen.prompt.text


async def test_what_a_toolset_returned_is_told_by_the_adapter_that_has_learnt_to() -> None:
    request = replace(asked(READ, READ_ALL, SEND), messages=AFTER_A_TOOL)
    assert await answered(request, SUMMARY) == (SUMMARY, True)
    assert await answered(request) == (None, False)


async def test_a_summary_is_as_greedy_as_arguments_are_and_else_drawn_as_text() -> None:
    prose, arguments = Sampling(1, temperature=1.0, stop=("END",), seed=3), Sampling(1, temperature=0.5)
    offered = asked(READ, READ_ALL, sampling=prose, argument_sampling=arguments, max_tokens=50)
    request = replace(offered, messages=AFTER_A_TOOL)
    drawn = []
    for loaded in ([*ADAPTERS, SUMMARY], ADAPTERS):
        scripted = engine(select="summarize", answer="It says hello.")
        await decoded(request, scripted, ToyStore(loaded=loaded))
        drawn.append(scripted.generations[-1].sampling)
    assert drawn == [replace(prose, temperature=0.5, max_tokens=50), replace(prose, max_tokens=50)]


async def test_the_base_model_answers_where_no_tool_of_the_toolset_was_the_last_to_speak() -> None:
    offered = asked(READ, READ_ALL)
    base = (None, False)
    assert await answered(offered, SUMMARY) == base
    assert await answered(replace(offered, messages=(*AFTER_A_TOOL, Message("user", "Thanks."))), SUMMARY) == base
    elsewhere = (*AFTER_A_TOOL[:2], replace(AFTER_A_TOOL[2], name="search"))
    assert await answered(replace(offered, messages=elsewhere), SUMMARY) == base


async def test_the_base_model_answers_in_a_format_and_in_the_other_profiles() -> None:
    after = replace(asked(READ, READ_ALL), messages=AFTER_A_TOOL)
    told = replace(after, answer_format=JsonSchema({"type": "object"}))
    scripted = engine(select="summarize", answer="{}")
    await decoded(told, scripted, ToyStore(loaded=[*ADAPTERS, SUMMARY]))
    assert scripted.generations[-1].adapter is None
    for profile in ("dualtune-base", "dualtune-traditional"):
        assert await answered(replace(after, profile=PROFILES[profile]), SUMMARY) == (None, False)


async def test_the_router_is_the_base_model_where_the_client_has_tools_of_its_own() -> None:
    assert (await used(asked(READ, READ_ALL, ADD)))[0] == (Stage.ROUTE, None, None, True)


async def test_a_router_that_has_not_learnt_a_toolset_on_offer_is_passed_over() -> None:
    less = replace(ROUTER, manifest=ROUTER.manifest.model_copy(update={"toolsets": ("files", "git")}))
    offered = asked(READ, READ_ALL, SEND)
    note = "router has not learnt the toolset mail"
    assert (await used(offered, ToyStore(loaded=[*ADAPTERS, less])))[0] == (Stage.ROUTE, None, note, True)
    more = replace(ROUTER, manifest=ROUTER.manifest.model_copy(update={"toolsets": ("files", "git", "mail")}))
    assert (await used(offered, ToyStore(loaded=[*ADAPTERS, more])))[0] == (Stage.ROUTE, "router", None, False)


async def test_a_clients_prefix_does_not_make_a_schema_stale() -> None:
    tools = [Tool(f"files__{tool.name}", tool.description, tool.parameters) for tool in (READ, READ_ALL)]
    assert await used(asked(*tools)) == [
        (Stage.SELECT, "files/selector", None, False),
        (Stage.ARGUMENTS, "files/arguments/read", None, False),
    ]


async def test_a_tool_whose_schema_is_another_than_in_training_is_left_to_the_base_model() -> None:
    changed = replace(READ, parameters={"type": "object"})
    note = "{} was trained for another schema of this tool"
    assert (await used(asked(changed, READ_ALL)))[1] == (
        Stage.ARGUMENTS,
        None,
        note.format("files/arguments/read"),
        True,
    )
    assert (await used(asked(changed, READ_ALL, profile="dualtune-traditional")))[1] == (
        Stage.ARGUMENTS,
        None,
        note.format("files/traditional"),
        True,
    )


async def test_adapters_of_a_toolset_that_has_other_tools_now_are_passed_over() -> None:
    grown = Registry({"files": Toolset("files", FILES.description, (*FILES.tools, Tool("write")))})
    groups = group_tools([READ, READ_ALL], grown)
    note = "{} was trained for other tools"
    assert await used(asked(groups=groups)) == [
        (Stage.SELECT, None, note.format("files/selector"), True),
        (Stage.ARGUMENTS, "files/arguments/read", None, False),
    ]
    assert await used(asked(groups=groups, profile="dualtune-traditional")) == [
        (Stage.SELECT, None, note.format("files/traditional"), True),
        (Stage.ARGUMENTS, None, note.format("files/traditional"), True),
    ]


async def test_a_clients_own_tools_are_described_to_the_base_model() -> None:
    scripted = engine(select="add", arguments='{"a":1,"b":2}')
    await decoded(asked(ADD, Tool("now")), scripted, STORE)
    assert [(seen.adapter, "Add numbers." in seen.prompt.text) for seen in scripted.generations] == [(None, True)] * 2
