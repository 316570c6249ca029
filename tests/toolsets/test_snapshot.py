"""Snapshots: what is kept of a server's tools, and what a new one says has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolsets import Registry, Tool, ToolsetError
from toolsets.adding import draft_manifest, to_toml, write_toolset
from toolsets.manifest import Manifest, Snapshot, SnapshotTool, read_manifest, read_snapshot
from toolsets.snapshot import Changes, compare, take_snapshot, write_snapshot

PATH = {"type": "object", "properties": {"path": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"path": {"type": "number"}}}


def manifest(*names: str) -> Manifest:
    tools = {"names": names, "reason": "Enough."} if names else None
    data = {"name": "notes", "description": "Notes.", "server": {"command": ["x"]}, "tools": tools}
    return Manifest.model_validate(data)


def snapshot(*tools: Tool, selected: tuple[str, ...] = ()) -> Snapshot:
    return take_snapshot(manifest(*selected), tools)


def test_a_snapshot_keeps_the_selected_tools_in_their_order_without_unused_definitions() -> None:
    used, unused = {"A": {"type": "null"}}, {"B": {"type": "null"}}
    schema = {"$defs": used | unused, "type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}
    taken = snapshot(Tool("a", "A.", PATH), Tool("b", "B.", PATH), Tool("c", "C.", schema), selected=("c", "a"))
    assert taken == Snapshot(
        digest=taken.toolset("notes", "").digest,
        tools=(
            SnapshotTool(name="c", description="C.", inputSchema=schema | {"$defs": used}),
            SnapshotTool(name="a", description="A.", inputSchema=PATH),
        ),
        left_out=("b",),
    )


def test_a_selected_tool_that_the_server_lacks_is_named() -> None:
    with pytest.raises(ToolsetError, match=r"the notes server has no tool gone; correct the names under \[tools\]"):
        snapshot(Tool("a"), selected=("a", "gone"))


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (Tool("files.read"), "tool 'files.read': name: 'files.read' is not a name the OpenAI API accepts"),
        (Tool("read", "", {"type": "string"}), 'tool \'read\': inputSchema: .*"type" must be "object"'),
    ],
)
def test_a_tool_that_cannot_be_offered_is_named(tool: Tool, message: str) -> None:
    with pytest.raises(ToolsetError, match=message):
        snapshot(tool)


A, B = Tool("a", "A.", PATH), Tool("b", "B.", PATH)


@pytest.mark.parametrize(
    ("before", "after", "changes", "stale"),
    [
        ([A, B], [B, A], Changes(), (False, ())),
        ([A], [A, B], Changes(added=("b",)), (True, ())),
        ([A, B], [A], Changes(removed=("b",)), (True, ("b",))),
        ([A, B], [A, Tool("b", "B.", NUMBER)], Changes(changed=("b",)), (True, ("b",))),
        ([A, B], [A, Tool("b", "Better.", PATH)], Changes(reworded=("b",)), (False, ())),
        ([A, B], [A, Tool("b", "B.", PATH | {"title": "B"})], Changes(reworded=("b",)), (False, ())),
    ],
)
def test_what_changed_says_which_adapters_are_stale(
    before: list[Tool], after: list[Tool], changes: Changes, stale: tuple[bool, tuple[str, ...]]
) -> None:
    found = compare(snapshot(*before), snapshot(*after))
    assert found == changes
    assert (found.stale_selector, found.stale_arguments) == stale


def test_a_tool_that_is_new_on_the_server_and_not_selected_makes_nothing_stale() -> None:
    changes = compare(snapshot(A, selected=("a",)), snapshot(A, B, selected=("a",)))
    assert changes == Changes(unlisted=("b",))
    assert not changes.stale_selector


def test_a_snapshot_is_read_as_it_was_written(tmp_path: Path) -> None:
    taken = snapshot(Tool("a", "Ä.", PATH))
    write_snapshot(tmp_path, taken)
    assert read_snapshot(tmp_path) == taken
    assert [path.name for path in tmp_path.iterdir()] == ["tools.json"]


# -- adding


def test_an_added_toolset_is_read_as_it_was_written(tmp_path: Path) -> None:
    drafted = draft_manifest(
        "my-notes",
        ["sh", "-c", 'echo "ä\\n"', "{root}"],
        description='Notes, with "quotes" and ümlauts.',
        secrets=["NOTES_TOKEN"],
        network=True,
        read=[tmp_path],
    )
    taken = take_snapshot(drafted, [A])
    write_toolset(tmp_path / "my-notes", drafted, taken)
    assert read_manifest(tmp_path / "my-notes") == drafted
    registry = Registry.load(tmp_path)
    assert registry.problems == ()
    assert registry.toolsets["my-notes"].tools == (A,)
    assert (drafted.sandbox.root, drafted.sandbox.read) == ("write", (str(tmp_path),))


def test_a_remote_server_is_written_with_its_headers(tmp_path: Path) -> None:
    drafted = draft_manifest(
        "remote", (), url="https://x.example/mcp", headers={"X-Key": "Bearer {KEY}"}, secrets=["KEY"]
    )
    write_toolset(tmp_path / "remote", drafted, take_snapshot(drafted, [A]))
    assert read_manifest(tmp_path / "remote") == drafted
    assert 'headers = { "X-Key" = "Bearer {KEY}" }' in to_toml(drafted)


def test_files_in_a_command_become_absolute_and_their_folders_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server.py").touch()
    monkeypatch.chdir(tmp_path)
    drafted = draft_manifest("mine", ["sh", "server.py", "--level", "3.5"])
    assert drafted.server.command == ("sh", str(tmp_path / "server.py"), "--level", "3.5")
    assert drafted.sandbox.read == (str(tmp_path),)
    assert drafted.sandbox.root == "none"


def test_a_server_beside_all_of_the_users_files_is_let_in_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server.py").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    drafted = draft_manifest("mine", ["sh", str(tmp_path / "server.py")])
    assert drafted.sandbox.read == (str(tmp_path / "server.py"),)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"name": "Notes", "command": ["sh"]}, "name"),
        ({"name": "notes", "command": []}, "server"),
        ({"name": "notes", "command": ["sh"], "secrets": ["A B"]}, "server.secrets.0"),
        ({"name": "notes", "command": ["sh"], "description": "a\nb"}, "description"),
        ({"name": "notes", "command": ["no-such-program"]}, "command"),
        ({"name": "notes", "command": [], "url": "http://x.example"}, "server.url"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused_by_field(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(ToolsetError) as error:
        draft_manifest(**arguments)
    assert error.value.field == field


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(ToolsetError, match="notes is there already"):
        write_toolset(tmp_path / "notes", manifest(), snapshot(A))
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    assert list((tmp_path / "notes").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolsetError, match="nowhere/notes cannot be written: No such file or directory"):
        write_toolset(tmp_path / "nowhere" / "notes", manifest(), snapshot(A))
