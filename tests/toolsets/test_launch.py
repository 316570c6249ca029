"""From a manifest to a command, its variables and its sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolsets import ToolsetError
from toolsets.install import node_modules, python
from toolsets.launch import Launch, open_session, prepare_launch
from toolsets.manifest import Manifest
from toolsets.sandbox import BackendName, Bridge, Policy, SandboxError, Wrapped

MEBIBYTE = 1 << 20


def manifest(server: dict[str, Any], **sandbox: Any) -> Manifest:
    data = {"name": "notes", "description": "Notes.", "server": server, "sandbox": sandbox}
    return Manifest.model_validate(data)


def test_placeholders_variables_and_limits_are_filled_in(tmp_path: Path) -> None:
    wanted = manifest(
        {
            "command": ["node", "{node_modules}/notes.js", "{root}", "{python}", "{other}"],
            "env": {"NOTES_FILE": "{root}/notes.json"},
            "secrets": ["NOTES_TOKEN"],
            "optional": {"BASE_URL": "NOTES_BASE_URL", "LEVEL": "NOTES_LEVEL"},
        },
        root="write",
        read=["/opt/notes"],
        memory_mb=100,
        processes=20,
    )
    environ = {"NOTES_TOKEN": "secret", "NOTES_BASE_URL": "http://127.0.0.1:9", "BASE_URL": "http://evil", "HOME": "/h"}
    assert prepare_launch(wanted, root=tmp_path, environ=environ) == Launch(
        argv=("node", f"{node_modules()}/notes.js", str(tmp_path), str(python()), "{other}"),
        env={
            "NOTES_FILE": f"{tmp_path}/notes.json",
            "BASE_URL": "http://127.0.0.1:9",
            "NOTES_TOKEN": "secret",
        },
        policy=Policy(
            read=(Path("/opt/notes"), node_modules()),
            write=(tmp_path,),
            memory=100 * MEBIBYTE,
            processes=20,
        ),
    )


@pytest.mark.parametrize(("root", "read", "write"), [("none", False, False), ("read", True, False)])
def test_the_workspace_is_let_in_as_the_manifest_says(tmp_path: Path, root: str, read: bool, write: bool) -> None:
    policy = prepare_launch(manifest({"command": ["x"]}, root=root), root=tmp_path, environ={}).policy
    assert (policy.read, policy.write) == ((tmp_path,) if read else (), (tmp_path,) if write else ())


def test_a_bridge_takes_the_place_of_the_network() -> None:
    bridge = Bridge(8000, Path("/run/api.sock"))
    wanted = manifest({"command": ["x"]}, network=True)
    assert prepare_launch(wanted, root=None, environ={}).policy == Policy(network=True, processes=64)
    bridged = prepare_launch(wanted, root=None, environ={}, bridges=[bridge]).policy
    assert bridged == Policy(network=False, bridges=(bridge,), processes=64)


@pytest.mark.parametrize(
    ("server", "sandbox", "root", "field", "message"),
    [
        ({"command": ["x"], "secrets": ["A", "B"]}, {}, None, "A", "needs A and B in the environment"),
        ({"command": ["x"]}, {"root": "read"}, None, "root", "the toolset notes works on a folder; name one"),
        ({"command": ["x"]}, {"root": "read"}, "/nowhere", "root", "the workspace /nowhere is not a folder"),
        ({"command": ["x"]}, {"root": "write"}, "/", "sandbox", "notes: write: / is never let into a sandbox"),
        ({"url": "https://x.example/mcp", "secrets": ["A"]}, {}, None, "A", "needs A in the environment"),
    ],
)
def test_what_is_missing_is_named(
    server: dict[str, Any], sandbox: dict[str, Any], root: str | None, field: str, message: str
) -> None:
    with pytest.raises(ToolsetError, match=message) as error:
        open_session(manifest(server, **sandbox), Recorder([]), root=Path(root) if root else None, environ={"B": ""})
    assert error.value.field == field


def test_servers_that_are_not_installed_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALTUNE_CACHE_DIR", str(tmp_path))
    package = {"source": "python", "name": "notes", "version": "1"}
    with pytest.raises(ToolsetError, match="the notes server is not installed; run: dualtune toolset install"):
        prepare_launch(manifest({"command": ["{python}"], "package": package}), root=None, environ={})


@dataclass
class Recorder:
    """A backend that keeps what it was asked for and refuses."""

    asked: list[tuple[Sequence[str], Policy, Mapping[str, str]]]
    name: BackendName = "none"

    def wrap(self, argv: Sequence[str], policy: Policy, env: Mapping[str, str]) -> Wrapped:
        self.asked.append((argv, policy, env))
        raise SandboxError("bwrap is not installed")

    def bounds(self) -> Mapping[str, str]:
        return {}


async def test_a_session_goes_through_the_sandbox_and_says_why_that_does_not_work(tmp_path: Path) -> None:
    recorder = Recorder([])
    session = open_session(
        manifest({"command": ["x", "{root}"]}, root="write"), recorder, root=tmp_path, environ={"HOME": "/h"}
    )
    with pytest.raises(ToolsetError, match="the notes server did not start: bwrap is not installed"):
        await session.__aenter__()
    assert recorder.asked == [(("x", str(tmp_path)), Policy(write=(tmp_path,), processes=64), {})]
