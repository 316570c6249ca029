"""Grouping a client's tools, and the names that the model is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.decode.menu import as_one_group, group_tools, only_named, shown_names
from server.decode.request import OfferedTool, ToolGroup
from tests.server.toy import ADD, FILES, MAIL, READ, REGISTRY, SEND
from toolsets import Registry, Tool


def renamed(tool: Tool, name: str) -> Tool:
    return Tool(name, tool.description, tool.parameters)


def test_tools_are_grouped_by_toolset_then_by_server_then_by_themselves() -> None:
    now, later = Tool("clock__now"), Tool("clock__later")
    sent = renamed(SEND, "mail__send")
    assert group_tools([ADD, READ, now, sent, later], REGISTRY) == (
        ToolGroup("tools", "add", (OfferedTool(ADD, "add"),)),
        ToolGroup("files", "Files on the disk.", (OfferedTool(READ, "read", READ, True),), FILES),
        ToolGroup("clock", "now, later", (OfferedTool(now, "now"), OfferedTool(later, "later"))),
        ToolGroup("mail", "The user's mail.", (OfferedTool(sent, "send", SEND, True),), MAIL),
    )


def test_a_clients_own_tool_is_not_taken_for_a_toolsets_of_the_same_name() -> None:
    own = Tool("read", "Read my mind.", {"type": "object", "properties": {"mind": {"type": "string"}}})
    assert group_tools([own], REGISTRY) == (ToolGroup("tools", "read", (OfferedTool(own, "read"),)),)


def test_a_changed_schema_beside_another_tool_of_the_toolset_is_still_the_toolsets() -> None:
    changed = Tool("read", "Read.", {"type": "object"})
    (group,) = group_tools([changed, FILES.tools[1]], REGISTRY)
    assert group.tools == (
        OfferedTool(changed, "read", READ, False),
        OfferedTool(FILES.tools[1], "read_all", FILES.tools[1], True),
    )


def test_prefixes_that_are_words_of_the_stages_make_no_group() -> None:
    tools = [Tool("none__x"), Tool("tools__x"), Tool("__x"), Tool("x__"), Tool("files__other")]
    (group,) = group_tools(tools, REGISTRY)
    assert (group.name, [offered.shown for offered in group.tools]) == ("tools", [tool.name for tool in tools])


def test_names_that_would_clash_are_shown_as_the_client_has_them() -> None:
    tools = [READ, renamed(READ, "files__read"), renamed(READ, "mine__files__read")]
    (group,) = group_tools(tools, REGISTRY)
    assert [offered.shown for offered in group.tools] == ["read", "files__read", "mine__files__read"]


def test_a_tool_that_is_called_as_the_stop_word_is_shown_under_another_name() -> None:
    (group,) = group_tools([Tool("summarize"), Tool("summarize_")], REGISTRY)
    assert [offered.shown for offered in group.tools] == ["summarize_", "summarize__"]


def test_tools_of_two_servers_with_one_name_are_told_apart_side_by_side() -> None:
    groups = group_tools([Tool("a__find"), Tool("b__find"), Tool("b__count")], REGISTRY)
    assert [[item.shown for item in group.tools] for group in groups] == [["find"], ["find", "count"]]
    (group,) = as_one_group(groups)
    assert [item.shown for item in group.tools] == ["a__find", "b__find", "count"]
    assert as_one_group(()) == ()


names = st.lists(
    st.sampled_from(["x", "y", "summarize", "summarize_", "none", "tools", "read", "files", "a"]),
    min_size=1,
    max_size=3,
).map("__".join)


@given(st.lists(names, unique=True, max_size=8))
def test_every_tool_is_offered_once_and_no_two_tools_of_a_group_look_the_same(called: list[str]) -> None:
    groups = group_tools([Tool(name) for name in called], REGISTRY)
    for arrangement in (groups, as_one_group(groups)):
        offered = [item for group in arrangement for item in group.tools]
        assert sorted(item.tool.name for item in offered) == sorted(called)
        for group in arrangement:
            shown = [item.shown for item in group.tools]
            assert len({*shown, "summarize"}) == len(shown) + 1
    assert len({*(group.name for group in groups), "none"}) == len(groups) + 1
    assert sorted(shown_names(groups)) == sorted(called)


def test_pruning_leaves_out_tools_and_empty_groups() -> None:
    groups = group_tools([ADD, READ, FILES.tools[1], SEND], REGISTRY)
    kept = only_named(groups, frozenset(["read", "send"]))
    assert [(group.name, [item.tool.name for item in group.tools]) for group in kept] == [
        ("files", ["read"]),
        ("mail", ["send"]),
    ]


def test_without_registered_toolsets_all_tools_stand_in_one_group() -> None:
    (group,) = group_tools([READ, SEND], Registry({}))
    assert (group.name, group.toolset, len(group.tools)) == ("tools", None, 2)
