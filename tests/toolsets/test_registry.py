"""Reading toolsets from folders, and finding the owner of a client's tool."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import toolsets
from toolsets import Match, Problem, Registry, Tool, Toolset, ToolsetError
from toolsets.manifest import read_manifest

SHIPPED = Path(toolsets.__file__).parent
PATH = {"type": "object", "properties": {"path": {"type": "string"}}}
OTHER = {"type": "object", "properties": {"path": {"type": "integer"}}}
READ, LIST = Tool("read", "Read.", PATH), Tool("list", "List.", PATH)
FILES = Toolset("files", "Files.", (READ, LIST))
MAIL = Toolset("mail", "Mail.", (Tool("list", "List.", OTHER), Tool("send__now", "Send.", PATH)))
REGISTRY = Registry({"files": FILES, "mail": MAIL})


def find(name: str, parameters: dict[str, Any]) -> Match | None:
    return REGISTRY.find(name, Tool(name, "As the client has it.", parameters).digest)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("read", PATH, Match(FILES, READ, True)),
        ("read", OTHER, Match(FILES, READ, False)),
        ("files__read", PATH, Match(FILES, READ, True)),
        ("files__read", OTHER, Match(FILES, READ, False)),
        ("mcp__files__read", PATH, Match(FILES, READ, True)),
        ("mail__send__now", PATH, Match(MAIL, MAIL.tools[1], True)),
        ("send__now", PATH, Match(MAIL, MAIL.tools[1], True)),
    ],
)
def test_a_tool_is_found_by_its_name_with_or_without_its_server(
    name: str, parameters: dict[str, Any], expected: Match
) -> None:
    assert find(name, parameters) == expected


def test_a_bare_name_of_two_toolsets_goes_to_the_one_whose_schema_agrees() -> None:
    assert find("list", PATH) == Match(FILES, LIST, True)
    assert find("list", OTHER) == Match(MAIL, MAIL.tools[0], True)
    assert find("list", {"type": "object", "required": ["path"]}) is None


def test_a_prefix_decides_between_two_toolsets_that_have_the_name() -> None:
    assert find("mail__list", PATH) == Match(MAIL, MAIL.tools[0], False)


def test_the_tool_of_a_server_that_is_not_registered_is_ours_only_with_our_schema() -> None:
    assert find("my-disk__read", PATH) == Match(FILES, READ, True)
    assert find("my-disk__read", OTHER) is None


def test_a_tool_that_nobody_owns_is_not_found() -> None:
    assert find("write", PATH) is None
    assert find("thread", PATH) is None


def test_the_digest_of_a_toolset_does_not_depend_on_the_order_or_the_words() -> None:
    again = Toolset("files", "Other words.", (Tool("list", "Other words.", PATH), READ))
    assert again.digest == FILES.digest
    assert Toolset("files", "Files.", (READ,)).digest != FILES.digest


def test_a_tool_without_a_schema_takes_no_arguments() -> None:
    assert Tool("now").parameters == {"type": "object", "properties": {}}


# -- reading folders


def test_the_shipped_toolsets_are_whole_and_the_papers_are_its_thirty_tools() -> None:
    registry = Registry.load(SHIPPED)
    assert registry.problems == ()
    assert {name: len(toolset.tools) for name, toolset in registry.toolsets.items()} == {
        "filesystem": 14,
        "notion": 9,
        "monday": 9,
        "memory": 9,
        "git": 12,
        "time": 2,
    }
    papers = {toolset.name: len(toolset.tools) for toolset in registry.paper()}
    assert papers == {"filesystem": 12, "notion": 9, "monday": 9}


def nested(depth: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": nested(depth - 1) if depth else {}}}


MANIFEST = """
name = "notes"
description = "Notes."

[server]
command = ["notes-server", "{root}"]
"""
NOTE = {"name": "note", "description": "Note.", "inputSchema": PATH}
DIGEST = Toolset("notes", "", (Tool("note", "", PATH),)).digest


def write(parent: Path, manifest: str = MANIFEST, snapshot: Any = None) -> Path:
    folder = parent / "notes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toolset.toml").write_text(manifest, encoding="utf-8")
    whole = {"digest": DIGEST, "tools": [NOTE], "left_out": []}
    (folder / "tools.json").write_text(json.dumps(whole if snapshot is None else snapshot), encoding="utf-8")
    return folder


def test_a_toolset_is_read_from_its_two_files(tmp_path: Path) -> None:
    folder = write(tmp_path)
    expected = Toolset("notes", "Notes.", (Tool("note", "Note.", PATH),))
    assert Registry.load(tmp_path) == Registry({"notes": expected}, {"notes": read_manifest(folder)}, ())


@pytest.mark.parametrize(
    ("manifest", "snapshot", "message"),
    [
        ("name = ", None, "toolset.toml is not TOML"),
        (MANIFEST + "\nport = 1", None, "server.port: Extra inputs are not permitted"),
        (MANIFEST.replace('name = "notes"', ""), None, "name: Field required"),
        (MANIFEST.replace('"notes"', '"other"'), None, "name is 'other', the folder 'notes'"),
        (MANIFEST.replace('"notes"', '"my__notes"'), None, "name: 'my__notes' is not a name of at most 32"),
        (MANIFEST.replace('"notes"', '"tools"'), None, "name: 'tools' is not a name of at most 32"),
        (MANIFEST.replace("Notes.", "a\\nb"), None, "description: .* is not one line"),
        (MANIFEST.replace("command", "# command"), None, "server: give either command or url"),
        (MANIFEST + 'url = "https://x.example/mcp"', None, "server: give either command or url"),
        (MANIFEST + 'headers = { A = "b" }', None, "server: headers belong to a url"),
        (
            MANIFEST.replace("command", "url = 'http://x.example/mcp'\n#"),
            None,
            "server.url: 'http://x.example/mcp' is not an https address",
        ),
        (MANIFEST + "\n[sandbox]\nmemory_mb = 1", None, "sandbox.memory_mb: Input should be greater than"),
        (MANIFEST + '\n[tools]\nreason = "Why."\nnames = ["other"]', None, "differ in note, other; run: dualtune"),
        (MANIFEST.replace("[server]", 'paper = ["other"]\n[server]'), None, "paper: there is no tool other"),
        (MANIFEST, {"digest": "0" * 64, "tools": [NOTE]}, "was changed by hand"),
        (MANIFEST, {"digest": DIGEST, "tools": []}, "tools: Tuple should have at least 1 item"),
        (MANIFEST, {"digest": DIGEST, "tools": [NOTE, NOTE]}, "names a tool twice"),
        (MANIFEST, {"digest": DIGEST, "tools": [{**NOTE, "name": "a.b"}]}, "tools.0.name: 'a.b' is not a name"),
        (MANIFEST, {"digest": DIGEST, "tools": [{**NOTE, "inputSchema": {}}]}, '"type" must be "object"'),
        (
            MANIFEST,
            {"digest": DIGEST, "tools": [{**NOTE, "inputSchema": {"type": 3}}]},
            "tools.0.inputSchema: .*not a JSON Schema",
        ),
        (MANIFEST, {"digest": DIGEST, "tools": [{**NOTE, "inputSchema": nested(400)}]}, "nested too deeply"),
        (MANIFEST, [], "Input should be"),
    ],
)
def test_a_broken_toolset_is_named_with_its_field(tmp_path: Path, manifest: str, snapshot: Any, message: str) -> None:
    folder = write(tmp_path, manifest, snapshot)
    registry = Registry.load(tmp_path)
    assert registry.toolsets == {}
    (problem,) = registry.problems
    assert problem.folder == folder
    assert re.search(message, problem.message)


def test_a_broken_toolset_never_stops_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "toolset.toml").write_text("", encoding="utf-8")
    registry = Registry.load(tmp_path)
    assert list(registry.toolsets) == ["notes"]
    assert [problem.folder.name for problem in registry.problems] == ["broken"]


@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[" * 100_000])
def test_a_snapshot_that_cannot_be_read_is_a_problem(tmp_path: Path, content: bytes | None) -> None:
    snapshot = write(tmp_path) / "tools.json"
    snapshot.unlink()
    if content is not None:
        snapshot.write_bytes(content)
    registry = Registry.load(tmp_path)
    assert registry.toolsets == {}
    assert str(snapshot) in registry.problems[0].message


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert Registry.load(nowhere) == Registry({}, {}, (Problem(nowhere, f"{nowhere} is not a folder"),))


def test_a_toolset_of_a_later_folder_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path / "first")
    write(tmp_path / "second", MANIFEST.replace("Notes.", "Mine."))
    registry = Registry.load(tmp_path / "first", tmp_path / "second")
    assert registry.toolsets["notes"].description == registry.manifests["notes"].description == "Mine."


def test_an_error_names_its_field(tmp_path: Path) -> None:
    folder = write(tmp_path, MANIFEST + "\n[sandbox]\nnetwork = 3")
    with pytest.raises(ToolsetError) as error:
        read_manifest(folder)
    assert error.value.field == "sandbox.network"
