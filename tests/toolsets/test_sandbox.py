"""The policy, the choice of a backend, and what each backend makes of the policy."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolsets.sandbox import Backend, Bridge, Fact, Policy, SandboxError, backend, best_backend, probe
from toolsets.sandbox import probe as probe_function
from toolsets.sandbox.cgroup import Cgroup, parents
from toolsets.sandbox.runtime import Mount, prepare

PYTHON = str(Path(sys.executable))
SECONDS = 60


@pytest.fixture(params=["podman", "bubblewrap"])
def working(request: pytest.FixtureRequest, programs: None) -> Backend:
    fact = next(fact for fact in probe() if fact.name == request.param)
    if not fact.works:
        pytest.skip(fact.reason)
    return backend(fact.name)


def output(chosen: Backend, argv: list[str], policy: Policy, env: dict[str, str] | None = None) -> str:
    with chosen.wrap(argv, policy, env or {}) as command:
        done = subprocess.run(
            command.argv, env=dict(command.env), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- the policy


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"read": (Path("notes"),)}, "read: notes is not an absolute path"),
        ({"write": (Path("/"),)}, "write: / is never let into a sandbox"),
        ({"write": (Path("/usr/.."),)}, "write: /usr/.. is never let into a sandbox"),
        ({"read": (Path("/proc"),)}, "read: /proc is never let into a sandbox"),
        ({"memory": 1024}, "memory: 1024 bytes cannot hold a server"),
        ({"processes": 1}, "processes: 1 is below the threads of one server"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_field(fields: dict[str, object], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        Policy(**fields)  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(SandboxError, match=f"write: {missing} does not exist; create it"):
        prepare([PYTHON], Policy(write=(missing,)))


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxError, match="program 'no-such-program' was not found; install it"):
        prepare(["no-such-program"], Policy())


def test_the_program_behind_a_version_managers_shim_is_started(tmp_path: Path, working: Backend) -> None:
    shim = tmp_path / "shims" / "python3"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{PYTHON}" "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    assert output(working, [str(shim), "-c", "import sys; print(sys.executable)"], Policy()) == f"{PYTHON}\n"


@pytest.mark.parametrize("name", ["python3", "ruby"])
def test_a_shim_that_does_not_tell_its_program_is_refused(tmp_path: Path, name: str) -> None:
    shim = tmp_path / "shims" / name
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    shim.chmod(0o755)
    with pytest.raises(SandboxError, match=f"{shim} only starts another program, which is unknown here; give the path"):
        prepare([str(shim)], Policy())


def test_a_script_of_a_virtual_environment_runs_through_a_link(tmp_path: Path, working: Backend) -> None:
    link = tmp_path / "bin" / "linked"
    link.parent.mkdir()
    link.symlink_to(Path(PYTHON).with_name("pytest"))
    assert output(working, [str(link), "--version"], Policy()).startswith("pytest ")


def test_an_empty_command_is_refused_by_every_backend() -> None:
    for name in ("bubblewrap", "none"):
        with pytest.raises(SandboxError, match="command is empty"):
            backend(name).wrap([], Policy(), {})


def test_a_folder_that_is_read_and_written_is_mounted_once_to_be_written(tmp_path: Path) -> None:
    job = prepare(["/bin/sh"], Policy(read=(tmp_path,), write=(tmp_path,)))
    assert [mount for mount in job.mounts if mount.target == tmp_path] == [Mount(tmp_path, tmp_path, writable=True)]


def test_what_a_parents_mount_shows_already_is_not_mounted_again(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    writable_inside = prepare(["/bin/sh"], Policy(read=(tmp_path,), write=(inner,)))
    readable_inside = prepare(["/bin/sh"], Policy(read=(tmp_path, inner)))
    assert Mount(inner, inner, writable=True) in writable_inside.mounts
    assert not [mount for mount in readable_inside.mounts if mount.target == inner]


def test_a_folder_named_through_a_symlink_is_there_under_both_names(tmp_path: Path, working: Backend) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "note.txt").write_text("found", encoding="utf-8")
    link.symlink_to(real)
    shown = output(working, ["cat", str(link / "note.txt"), str(real / "note.txt")], Policy(read=(link,)))
    assert shown == "foundfound"


def test_names_with_spaces_commas_quotes_and_colons_are_mounted(tmp_path: Path, working: Backend) -> None:
    folder = tmp_path / 'my "odd", folder: ümläut'
    folder.mkdir()
    (folder / "note.txt").write_text("found", encoding="utf-8")
    assert output(working, ["cat", str(folder / "note.txt")], Policy(read=(folder,))) == "found"


def test_the_python_of_a_virtual_environment_finds_its_packages(working: Backend) -> None:
    assert output(working, [PYTHON, "-c", "import pytest; print(pytest.__name__)"], Policy()) == "pytest\n"


def test_a_value_of_many_lines_reaches_the_server_unchanged(working: Backend) -> None:
    key = "-----BEGIN KEY-----\nabc = 'x'\n-----END KEY-----"
    code = "import os; print(os.environ['KEY'], os.environ['PATH'])"
    assert output(working, [PYTHON, "-c", code], Policy(), {"KEY": key, "PATH": "/usr/bin"}) == f"{key} /usr/bin\n"


# -- the choice


def test_the_best_backend_is_the_first_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = (Fact("podman", False, "not installed"), Fact("docker", True), Fact("bubblewrap", True))
    monkeypatch.setattr(sys.modules[probe_function.__module__], "probe", lambda: facts)
    assert best_backend().name == "docker"


def test_without_any_sandbox_the_reasons_and_the_remedy_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = (Fact("podman", False, "not installed"), Fact("bubblewrap", False, "no user namespaces"))
    monkeypatch.setattr(sys.modules[probe_function.__module__], "probe", lambda: facts)
    with pytest.raises(
        SandboxError, match=r"podman: not installed; bubblewrap: no user namespaces\); install bubblewrap"
    ):
        best_backend()


def test_a_sandbox_that_is_not_installed_is_no_error_but_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    probe.cache_clear()
    try:
        facts = {fact.name: (fact.works, fact.reason) for fact in probe()}
    finally:
        probe.cache_clear()
    assert facts == {
        "podman": (False, "podman is not installed"),
        "docker": (False, "docker is not installed"),
        "bubblewrap": (False, "bwrap is not installed; install the package bubblewrap (and util-linux)"),
    }


def test_a_sandbox_that_hides_nothing_does_not_count_as_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for bwrap that only runs the command: the probe must notice that the secret was in sight."""
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    probe.cache_clear()
    try:
        fact = next(fact for fact in probe() if fact.name == "bubblewrap")
    finally:
        probe.cache_clear()
    assert not fact.works


def test_another_system_than_linux_has_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="this is another system"):
        prepare(["node"], Policy())


# -- no sandbox


def test_running_without_a_sandbox_warns_and_keeps_the_environment_small(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the user's key")
    with caplog.at_level(logging.WARNING, logger="toolsets.sandbox"):
        command = backend("none").wrap(["server", "--stdio"], Policy(), {"TOKEN": "t"})
    assert command.argv == ("server", "--stdio")
    assert command.env["TOKEN"] == "t"
    assert "OPENAI_API_KEY" not in command.env
    assert caplog.messages == ["server runs without a sandbox: it can read and change all that you can"]


# -- services of the host


@pytest.fixture
def shouting(tmp_path: Path) -> Iterator[Bridge]:
    """A service on a unix socket that answers in capitals, until the client has finished speaking."""
    path = tmp_path / "shout.socket"
    with socket.socket(socket.AF_UNIX) as server, socket.create_server(("127.0.0.1", 0)) as reserved:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    while data := client.recv(65536):
                        client.sendall(data.upper())

        threading.Thread(target=serve, daemon=True).start()
        yield Bridge(reserved.getsockname()[1], path)
        server.shutdown(socket.SHUT_RDWR)


ASK = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as service:
    service.sendall(sys.argv[2].encode() * int(sys.argv[3]))
    service.shutdown(socket.SHUT_WR)
    answer = b""
    while data := service.recv(65536):
        answer += data
print(len(answer), answer[:5].decode())
"""


def test_a_bridge_reaches_one_service_of_the_host_and_the_network_stays_gone(
    working: Backend, shouting: Bridge
) -> None:
    policy = Policy(bridges=(shouting,))
    asked = [PYTHON, "-c", ASK, str(shouting.port), "hello"]
    assert output(working, [*asked, "1"], policy) == "5 HELLO\n"
    assert output(working, [*asked, "20000"], policy) == "100000 HELLO\n"
    with working.wrap([PYTHON, "-c", ASK, "9", "hello", "1"], policy, {}) as command:
        done = subprocess.run(command.argv, env=dict(command.env), capture_output=True, timeout=SECONDS, check=False)
    assert b"ConnectionRefusedError" in done.stderr


def test_a_bridge_to_nothing_is_refused_before_the_server_starts(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"bridges: .* is not a unix socket; start the service"):
        prepare(["/bin/sh"], Policy(bridges=(Bridge(8000, tmp_path / "none.socket"),)))


def test_the_exit_status_behind_a_bridge_is_the_servers(working: Backend, shouting: Bridge) -> None:
    with working.wrap(["/bin/sh", "-c", "exit 7"], Policy(bridges=(shouting,)), {}) as command:
        done = subprocess.run(command.argv, env=dict(command.env), capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode == 7


def test_only_a_policy_with_network_has_more_than_a_loopback(working: Backend) -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()])"
    assert output(working, [PYTHON, "-c", code], Policy()) == "['lo']\n"
    assert output(working, [PYTHON, "-c", code], Policy(network=True)).count(",") >= 1


@pytest.mark.usefixtures("programs")
def test_a_policy_with_network_reaches_the_host() -> None:
    """The counter-proof to the escapes: without this, a broken test server would look like a closed network."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=20)"
        assert output(backend("bubblewrap"), [PYTHON, "-c", code], Policy(network=True)) == ""


# -- control groups


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return root


def test_version_2_groups_are_made_beside_the_processes_own_group(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", {"user.slice/cgroup.subtree_control": "cpu memory pids\n"})
    own = tmp_path / "own"
    own.write_text("0::/user.slice/session-1.scope\n", encoding="ascii")
    assert parents(root, own) == (root / "user.slice",)


def test_version_2_without_the_controllers_gives_no_group(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", {"cgroup.subtree_control": "cpu\n"})
    own = tmp_path / "own"
    own.write_text("0::/\n", encoding="ascii")
    assert parents(root, own) == ()


def test_version_1_groups_are_made_below_the_processes_own_in_both_trees(tmp_path: Path) -> None:
    root = tree(tmp_path / "fs", {"memory/a/tasks": "", "pids/tasks": ""})
    own = tmp_path / "own"
    own.write_text("8:pids:/\n4:memory:/a\n0::/\n", encoding="ascii")
    assert parents(root, own) == (root / "memory/a", root / "pids")


def test_without_control_groups_there_are_none(tmp_path: Path) -> None:
    assert parents(tmp_path, tmp_path / "missing") == ()


@pytest.mark.skipif(not parents(), reason="no control group may be made here")
def test_a_group_holds_the_limits_and_is_gone_afterwards_with_its_processes() -> None:
    group = Cgroup.make(parents(), memory=64 << 20, processes=20)
    with subprocess.Popen([*group.enter, "sh", "-c", "echo started; sleep 600"], stdout=subprocess.PIPE) as sleeper:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == b"started\n"
        limits = {
            file.name: file.read_text(encoding="ascii").strip()
            for folder in group.folders
            for file in (*folder.glob("pids.max"), *folder.glob("memory.max"), *folder.glob("memory.limit_in_bytes"))
        }
        group.remove()
        assert sleeper.wait(SECONDS) == -9
    assert set(limits.values()) == {str(64 << 20), "20"}
    assert not any(folder.exists() for folder in group.folders)


@pytest.mark.skipif(not parents(), reason="no control group may be made here")
def test_groups_left_by_a_killed_process_are_taken_away() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    stale = [parent / f"dualtune-{gone.pid}-0" for parent in parents()]
    for folder in stale:
        folder.mkdir()
    Cgroup.make(parents(), memory=64 << 20, processes=20).remove()
    assert not any(folder.exists() for folder in stale)
