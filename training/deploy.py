"""Trained adapters to the store, and to a server that is running."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx

from adapters import AdapterError, BaseModel, install
from server.settings import Settings
from toolsets.console import tell
from training.errors import TrainingError
from training.setup import load_base

_SECONDS = 120.0


def _install(adapters: Mapping[str, Path], root: Path, base: BaseModel) -> None:
    for name, folder in adapters.items():
        try:
            install(folder, root, base)
        except AdapterError as error:
            raise TrainingError(f"{name} cannot be installed: {error.message}", error.field) from error


def hot_load(names: Iterable[str], server: str, api_key: str | None) -> None:
    """Let a running server take the adapters from its store. Raises TrainingError when it refuses or is not there."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with httpx.Client(base_url=server.rstrip("/").removesuffix("/v1"), headers=headers, timeout=_SECONDS) as client:
        for name in names:
            try:
                answer = client.post("/v1/adapters/load", json={"name": name})
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise TrainingError(f"--server {server}: it cannot be reached: {error}", "server") from error
            if answer.is_error:
                raise TrainingError(f"--server {server}: it did not load {name}: {_reason(answer)}", "server")


def deploy(adapters: Mapping[str, Path], settings: Settings, server: str | None) -> None:
    """Copy adapters, by name, to the store of `settings`, let a running server take them, and say so.

    Without a server, only the first. Raises TrainingError.
    """
    _install(adapters, settings.adapters, load_base(settings).model)
    tell(f"installed in {settings.adapters}: {', '.join(adapters) or 'nothing, for nothing is trained yet'}")
    if server:
        hot_load(adapters, server, settings.api_key.get_secret_value() if settings.api_key else None)
        tell(f"loaded by {server}")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
