"""From a manifest to a running server: its command filled in, its variables, its sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolsets.install import installed, node_modules, python
from toolsets.manifest import Manifest
from toolsets.model import ToolsetError
from toolsets.sandbox import Backend, Bridge, Policy, SandboxError
from toolsets.session import Session, SessionLimits
from toolsets.transport import http, stdio

_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Launch:
    """A server's command before it is put into a sandbox: `env` holds its own variables, secrets among them."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    policy: Policy


def open_session(
    manifest: Manifest,
    backend: Backend,
    *,
    root: Path | None = None,
    environ: Mapping[str, str],
    bridges: Sequence[Bridge] = (),
    limits: SessionLimits | None = None,
) -> Session:
    """The session, not yet entered, with a toolset's server, which runs in `backend` unless it is remote.

    root: the workspace folder, where the toolset works on one. environ: where its secrets are looked up. bridges:
    services of this machine that it may reach, in place of the network. Raises ToolsetError when something that the
    server needs is missing.
    """
    server = manifest.server
    if server.url is not None:
        secrets = _secrets(manifest, environ)
        headers = {name: _filled(value, secrets) for name, value in server.headers.items()}
        connect = http(server.url, headers)
    else:
        launch = prepare_launch(manifest, root=root, environ=environ, bridges=bridges)
        connect = stdio(partial(backend.wrap, launch.argv, launch.policy, launch.env))
    return Session(manifest.name, connect, limits=limits, error_members=server.error_members)


def prepare_launch(
    manifest: Manifest, *, root: Path | None, environ: Mapping[str, str], bridges: Sequence[Bridge] = ()
) -> Launch:
    """Fill in the command of a server that runs here. Raises ToolsetError as `open_session` does."""
    server, limits = manifest.server, manifest.sandbox
    places = {"node_modules": str(node_modules()), "python": str(python())}
    if root is not None:
        if not root.is_dir():
            raise ToolsetError(f"the workspace {root} is not a folder", "root")
        root = root.resolve()
        places["root"] = str(root)
    elif limits.root != "none":
        raise ToolsetError(f"the toolset {manifest.name} works on a folder; name one", "root")
    if server.package is not None and not installed(server.package.source):
        raise ToolsetError(f"the {manifest.name} server is not installed; run: dualtune toolset install", "package")

    read = [Path(path) for path in limits.read]
    if any("{node_modules}" in part for part in server.command):
        read.append(node_modules())
    write: list[Path] = []
    if root is not None and limits.root != "none":
        (write if limits.root == "write" else read).append(root)
    try:
        policy = Policy(
            read=tuple(read),
            write=tuple(write),
            network=limits.network and not bridges,
            bridges=tuple(bridges),
            memory=limits.memory_mb * _MEBIBYTE,
            processes=limits.processes,
        )
    except SandboxError as error:
        raise ToolsetError(f"{manifest.name}: {error}", "sandbox") from None
    env = {name: _filled(value, places) for name, value in server.env.items()}
    env |= {name: environ[source] for name, source in server.optional.items() if source in environ}
    argv = tuple(_filled(part, places) for part in server.command)
    return Launch(argv, env | _secrets(manifest, environ), policy)


def _secrets(manifest: Manifest, environ: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in manifest.server.secrets if not environ.get(name)]
    if missing:
        raise ToolsetError(f"the {manifest.name} server needs {' and '.join(missing)} in the environment", missing[0])
    return {name: environ[name] for name in manifest.server.secrets}


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
