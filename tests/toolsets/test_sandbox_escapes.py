"""A program that means harm, in each sandbox that can run here: what it tries is refused."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.waiting import until
from toolsets.sandbox import BackendName, Policy, backend, bubblewrap, probe
from toolsets.sandbox.policy import MEBIBYTE

SYSTEM_PYTHON = Path("/usr/bin/python3")  # another user can read it, wherever the tests' own Python lives
PYTHON = str(SYSTEM_PYTHON if SYSTEM_PYTHON.exists() else Path(sys.executable).resolve())
NOBODY = 65534
SECONDS = 60


@dataclass(frozen=True)
class Cell:
    """One sandbox with a workspace inside it and a secret beside it."""

    kind: str
    workspace: Path
    library: Path
    secret: Path

    @property
    def backend(self) -> BackendName:
        return "bubblewrap" if self.kind == "bubblewrap-user" else cast(BackendName, self.kind)

    @property
    def policy(self) -> Policy:
        return Policy(read=(self.library,), write=(self.workspace,), memory=256 * MEBIBYTE, processes=40)

    def run(self, code: str, env: Mapping[str, str] | None = None, policy: Policy | None = None) -> Any:
        """What `code` leaves in `answer`, run by Python inside; fails the test when it leaves nothing."""
        done = self.attempt(f"import json, os\n{code}\nprint(json.dumps(answer))", env, policy)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def attempt(
        self, code: str, env: Mapping[str, str] | None = None, policy: Policy | None = None
    ) -> subprocess.CompletedProcess[str]:
        chosen = backend(self.backend)
        with chosen.wrap([PYTHON, "-I", "-c", code], policy or self.policy, env or {}) as command:
            argv = (*AS_NOBODY, *command.argv) if self.kind == "bubblewrap-user" else command.argv
            return subprocess.run(
                argv,
                cwd="/tmp",  # Podman's monitor leaves a note where it was started, when memory ran out
                env=dict(command.env),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )


@pytest.fixture(scope="session")
def docker_daemon(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Docker's client with Podman's service behind it, where Docker's own daemon does not run."""
    installed = {fact.name: fact.works for fact in probe()}
    if installed["docker"] or not installed["podman"] or shutil.which("docker") is None:
        yield
        return
    path = tmp_path_factory.mktemp("podman") / "socket"
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(["podman", "system", "service", "--time", "0", f"unix://{path}"], cwd="/tmp") as service,
    ):
        patch.setenv("DOCKER_HOST", f"unix://{path}")
        until(path.is_socket)
        probe.cache_clear()
        yield
        service.terminate()
    probe.cache_clear()


AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")


@pytest.fixture(params=["podman", "docker", "bubblewrap", "bubblewrap-user"])
def cell(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    programs: None,
    docker_daemon: None,
) -> Cell:
    """bubblewrap-user: started by an ordinary user, who has no control group but resource limits."""
    kind: str = request.param
    if kind == "bubblewrap-user":
        if os.getuid() != 0:
            pytest.skip("this is an ordinary user already")
        if subprocess.run([*AS_NOBODY, PYTHON, "-V"], capture_output=True, check=False).returncode != 0:
            pytest.skip(f"an ordinary user may not run {PYTHON}")
        monkeypatch.setattr(bubblewrap, "parents", lambda: ())
    else:
        fact = next(fact for fact in probe() if fact.name == kind)
        if not fact.works:
            assert kind != "bubblewrap", f"bubblewrap must work where tests run: {fact.reason}"
            pytest.skip(fact.reason)
    folders = tmp_path / "workspace", tmp_path / "library"
    for folder in folders:
        folder.mkdir()
        (folder / "note.txt").write_text("kept", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("the host's secret", encoding="utf-8")
    if kind == "bubblewrap-user":
        for path in (tmp_path, *tmp_path.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        for parent in tmp_path.parents:
            if parent.stat().st_uid == os.getuid() and parent.is_relative_to("/tmp/pytest-of-root"):
                parent.chmod(0o755)
    return Cell(kind, *folders, tmp_path / "secret.txt")


def refused(call: str) -> str:
    """Code that leaves the name of the error that `call` raises, or what it returned."""
    return f"try:\n    answer = repr({call})\nexcept OSError as error:\n    answer = type(error).__name__"


def test_the_workspace_can_be_read_and_written(cell: Cell) -> None:
    code = f"path = {str(cell.workspace)!r}\nopen(path + '/new.txt', 'w').write('x')\nanswer = sorted(os.listdir(path))"
    assert cell.run(code) == ["new.txt", "note.txt"]
    made = cell.workspace / "new.txt"
    assert made.stat().st_uid == cell.workspace.stat().st_uid


def test_a_path_that_climbs_out_of_the_workspace_leads_nowhere(cell: Cell) -> None:
    climb = f"{cell.workspace}/../secret.txt"
    assert cell.run(refused(f"open({climb!r}).read()")) == "FileNotFoundError"


def test_a_symlink_out_of_the_workspace_leads_nowhere(cell: Cell) -> None:
    (cell.workspace / "link").symlink_to(cell.secret)
    assert cell.run(refused(f"open({str(cell.workspace / 'link')!r}).read()")) == "FileNotFoundError"


def test_a_symlink_made_inside_shows_nothing_of_the_host(cell: Cell) -> None:
    link = str(cell.workspace / "root")
    code = f"os.symlink('/', {link!r})\n" + refused(f"os.listdir({link!r} + {str(cell.secret.parent)!r})")
    assert "secret.txt" not in cell.run(code)


def test_a_file_that_may_be_read_cannot_be_changed(cell: Cell) -> None:
    path = str(cell.library / "note.txt")
    tries = [f"open({path!r}, 'a')", f"os.chmod({path!r}, 0o777)", f"os.unlink({path!r})", f"os.utime({path!r})"]
    assert [cell.run(refused(call)) for call in tries] == ["OSError"] * 4
    assert (cell.library / "note.txt").read_text(encoding="utf-8") == "kept"


def test_a_file_that_may_be_read_cannot_be_linked_to_where_it_may_be_written(cell: Cell) -> None:
    source, sink = str(cell.library / "note.txt"), str(cell.workspace / "hard")
    assert cell.run(refused(f"os.link({source!r}, {sink!r})")) == "OSError"


def test_the_hosts_users_and_homes_are_not_there(cell: Cell) -> None:
    code = """
def text(path):
    try:
        return open(path).read()
    except OSError:
        return ""
def names(path):
    try:
        return os.listdir(path)
    except OSError:
        return []
answer = [text("/etc/shadow"), text("/etc/passwd"), names("/home"), names("/root"), names("/var/lib")]
"""
    shadow, passwd, *homes = cell.run(code)
    assert shadow == ""
    assert "daemon" not in passwd  # an engine may write its own file with the one user
    shown = {Path(PYTHON).parts[2]} if PYTHON.startswith(("/home", "/root")) else set()
    assert all(set(names) <= shown for names in homes)


def test_this_project_is_not_there(cell: Cell) -> None:
    assert cell.run(refused(f"os.listdir({str(Path(__file__).parent)!r})")) == "FileNotFoundError"


def test_nothing_outside_the_workspace_can_be_written(cell: Cell) -> None:
    code = """
answer = []
for folder in ("/", "/usr", "/usr/bin", "/etc", "/proc", "/sys", "/dev", "/var", "/opt"):
    try:
        open(os.path.join(folder, "dualtune-escape"), "w").close()
        answer.append(folder)
    except OSError:
        pass
"""
    assert cell.run(code) in ([], ["/dev"])
    assert not Path("/dev/dualtune-escape").exists()


def test_no_setting_of_the_kernel_can_be_opened_for_writing(cell: Cell) -> None:
    """Root owns these files, and an owner needs no capability: a sandbox started by root has to hide them."""
    code = """
answer = []
for folder, names, files in os.walk("/proc"):
    if folder == "/proc":
        names[:] = [name for name in names if not name.isdigit() and name not in ("self", "thread-self")]
    for name in files:
        try:
            os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))
            answer.append(os.path.join(folder, name))
        except OSError:
            pass
"""
    masked = {"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug"}
    assert set(cell.run(code)) - masked <= {"/proc/mtrr"} | {
        f"/proc/pressure/{name}" for name in ("io", "cpu", "memory")
    }


def test_the_scratch_folder_is_bounded_and_gone_afterwards(cell: Cell) -> None:
    code = """
answer = 0
try:
    with open("/tmp/fill", "wb") as file:
        for _ in range(100):
            answer += file.write(bytes(1 << 20))
            file.flush()
except OSError:
    pass
"""
    assert cell.run(code) <= 64 * MEBIBYTE
    assert cell.run("answer = os.path.exists('/tmp/fill')") is False


def test_the_environment_holds_what_was_named_and_nothing_of_the_host(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the host's key")
    code = """
answer = {"own": dict(os.environ), "others": ""}
for name in os.listdir("/proc"):
    try:
        answer["others"] += open(f"/proc/{name}/environ", errors="replace").read() if name.isdigit() else ""
    except OSError:
        pass
"""
    seen = cell.run(code, {"NOTION_TOKEN": "ntn_1"})
    assert seen["own"]["NOTION_TOKEN"] == "ntn_1"
    neutral = {"NOTION_TOKEN", "HOME", "LANG", "PATH", "PWD", "HOSTNAME", "TERM", "container", "LC_CTYPE"}
    assert seen["own"].keys() <= neutral
    assert "the host's key" not in seen["others"]


def test_a_secret_is_not_on_the_command_line(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_TOKEN", "ntn_1")  # where users keep it, and where it must not be taken for the engine's
    with backend(cell.backend).wrap([PYTHON], cell.policy, {"NOTION_TOKEN": "ntn_1"}) as command:
        assert not any("ntn_1" in word for word in command.argv)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_network_is_gone_the_hosts_loopback_with_it(cell: Cell, listener: int) -> None:
    code = f"""
import socket
answer = []
for address in (("127.0.0.1", {listener}), ("1.1.1.1", 53), ("169.254.169.254", 80)):
    try:
        socket.create_connection(address, timeout=5)
        answer.append(address)
    except OSError:
        pass
"""
    assert cell.run(code) == []


def test_the_hosts_abstract_sockets_are_out_of_reach(cell: Cell) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0dualtune-test")
        server.listen()
        code = "import socket\n" + refused("socket.socket(socket.AF_UNIX).connect('\\0dualtune-test')")
        assert cell.run(code) == "ConnectionRefusedError"


FORK_BOMB = """
import signal, time
children = []
try:
    while len(children) < 400:
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        children.append(child)
except OSError:
    pass
answer = len(children)
for child in children:
    os.kill(child, signal.SIGKILL)
"""


def test_a_fork_bomb_stops_at_the_bound(cell: Cell) -> None:
    assert 0 < cell.run(FORK_BOMB) < cell.policy.processes


EATER = """
held = []
try:
    while len(held) < 64:
        held.append({one})
except (MemoryError, OSError):
    pass
answer = len(held)
"""
PRIVATE = "bytes(b'x') * (16 << 20)"
SHARED = "(lambda m: m.write(b'x' * (16 << 20)) and m)(__import__('mmap').mmap(-1, 16 << 20))"


def test_one_process_cannot_take_more_memory_than_allowed(cell: Cell) -> None:
    """It is refused the memory, or ended for having taken it; the test's gigabyte is never reached."""
    done = cell.attempt(f"{EATER.format(one=PRIVATE)}\nprint(answer)")
    assert int(done.stdout or 0) < 16


def test_shared_memory_counts_where_a_control_group_bounds_it(cell: Cell) -> None:
    if cell.kind == "bubblewrap-user":
        pytest.skip("resource limits bound the private memory of each process only")
    done = cell.attempt(f"{EATER.format(one=SHARED)}\nprint(answer)")
    assert int(done.stdout or 0) < 17


def test_processes_of_the_host_cannot_be_seen_or_ended(cell: Cell) -> None:
    with subprocess.Popen(["sleep", "60"]) as victim:
        code = f"""
import signal
try:
    os.kill({victim.pid}, signal.SIGKILL)
except ProcessLookupError:
    pass
answer = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) > 1000]
"""
        try:
            assert cell.run(code) == []
            assert victim.poll() is None
        finally:
            victim.kill()


def test_a_process_that_leaves_its_session_ends_with_the_sandbox(cell: Cell) -> None:
    """The orphan would write once a tenth of a second; the file stops growing, because nobody is left to write."""
    mark = cell.workspace / "mark"
    code = f"""
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            open({str(mark)!r}, "a").write("x")
            time.sleep(0.1)
    os._exit(0)
while not os.path.exists({str(mark)!r}):
    time.sleep(0.01)
answer = "started"
"""
    assert cell.run(code) == "started"
    until(lambda: not running(str(mark)))


def test_a_server_that_is_cut_off_from_its_client_does_not_live_on(cell: Cell) -> None:
    mark = str(cell.workspace / "mark")
    code = f"import time\nopen({mark!r}, 'w').close()\ntime.sleep(600)"
    with backend(cell.backend).wrap([PYTHON, "-I", "-c", code], cell.policy, {}) as command:
        argv = (*AS_NOBODY, *command.argv) if cell.kind == "bubblewrap-user" else command.argv
        with subprocess.Popen(argv, env=dict(command.env), stdin=subprocess.PIPE) as client:
            until(Path(mark).exists)
            client.kill()
    until(lambda: not running(mark))


def running(mark: str) -> bool:
    """Whether some process of this machine, in whatever namespace, was started with these words."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if mark in words:
                return True
    return False


def test_privileges_cannot_be_gained(cell: Cell) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
fields = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
answer = {
    "capabilities": int(fields["CapEff"], 16) | int(fields["CapBnd"], 16) | int(fields["CapPrm"], 16),
    "no_new_privileges": fields["NoNewPrivs"].strip(),
    "mount": libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
}
"""
    assert cell.run(code) == {"capabilities": 0, "no_new_privileges": "1", "mount": -1}


def test_no_user_namespace_can_be_made(cell: Cell) -> None:
    """In a namespace of its own a program has every capability again, and the kernel more code to be attacked in."""
    if cell.kind in ("podman", "docker"):
        pytest.skip("a container engine's own filter of system calls decides this")
    assert cell.run("import ctypes\nanswer = ctypes.CDLL(None).unshare(0x10000000)") == -1


def test_no_device_of_the_machine_is_there(cell: Cell) -> None:
    code = (
        "answer = [name for name in os.listdir('/dev') if name.startswith(('sd', 'vd', 'nvme', 'mem', 'kmsg', 'kvm'))]"
    )
    assert cell.run(code) == []


def test_the_workspace_of_another_server_is_not_there(cell: Cell) -> None:
    other = cell.workspace.with_name("other")
    other.mkdir()
    if cell.kind == "bubblewrap-user":
        os.chown(other, NOBODY, NOBODY)
    assert cell.run(refused(f"os.listdir({str(other)!r})")) == "FileNotFoundError"
    assert cell.run(refused(f"os.listdir({str(other)!r})"), policy=replace(cell.policy, read=(other,))) == "[]"


def test_node_runs_within_the_default_limits(cell: Cell) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    with backend(cell.backend).wrap([node, "-e", "console.log(1 + 1)"], Policy(), {}) as command:
        done = subprocess.run(
            command.argv, env=dict(command.env), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
