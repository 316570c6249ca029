"""`dualtune demo`: the agent carries out three tasks in a sample workspace, before the user's eyes.

Where no server answers, one is started for the time of the demo.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated

import httpx
import typer

from toolsets.console import progress, tell

_FILES = {
    "README.md": "# Allotment\n\nEverything about plot 17: what was sown, what it cost, who waters it when.\n",
    "notes/todo.txt": "order seed potatoes\nmend the gate\nask Ruth about the water butt\n",
    "notes/watering.txt": "Mon Ruth\nWed Femi\nFri Ruth\nSun whoever is there\n",
    "reports/2024 harvest.csv": "crop,kg\nbeans,11\npotatoes,64\nsquash,38\n",
    "reports/2025 harvest.csv": "crop,kg\nbeans,14\npotatoes,52\nsquash,41\n",
    "costs.txt": "seeds 41.20\ncompost 36.00\nfence posts 88.50\n",
}
TASKS = (
    "What is in the folder reports?",
    "Read me notes/watering.txt.",
    "First create the folder archive, then rename costs.txt to archive/costs.txt.",
)
_TOKENS = 160
_START_SECONDS = 300.0
_PROGRAM = "from server.cli import main; main()"


def demo(
    base_url: Annotated[str, typer.Option(help="Where the model is served.")] = "http://127.0.0.1:8000/v1",
    model: Annotated[str, typer.Option(help="The model's id.")] = "dualtune",
) -> None:
    """Watch the agent carry out three tasks in a sample workspace; a server is started if none runs."""
    with tempfile.TemporaryDirectory(prefix="dualtune-demo-") as scratch:
        root = Path(scratch) / "allotment"
        lay_out(root)
        with server(base_url, Path(scratch) / "server.log"):
            failed = [task for task in TASKS if not carry_out(task, root, base_url, model)]
        tell("\nThe workspace is now:")
        for path in sorted(root.rglob("*")):
            tell(f"  {path.relative_to(root)}{'/' if path.is_dir() else ''}")
    raise typer.Exit(1 if failed else 0)


def lay_out(root: Path) -> None:
    for name, text in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def carry_out(task: str, root: Path, base_url: str, model: str) -> bool:
    """Whether the agent came to an answer. The command is shown as the user could give it."""
    arguments = ["agent", task, "--root", str(root), "--base-url", base_url, "--model", model]
    tell(f'\n$ dualtune agent "{task}" --root {root.name}')
    run = subprocess.run(_dualtune(*arguments, "--max-tokens", str(_TOKENS)), check=False)
    return run.returncode == 0


@contextmanager
def server(base_url: str, log: Path) -> Iterator[None]:
    """One that answers at `base_url`: the one that is there, or one of ours until the end."""
    url = httpx.URL(base_url)
    ready = url.copy_with(path="/ready")
    if _answers(ready):
        yield
        return
    where = ("--host", url.host, "--port", str(url.port or 80))
    with log.open("wb") as output:
        process = subprocess.Popen(_dualtune("serve", *where), stdout=output, stderr=output)
        try:
            with progress("starting dualtune serve"):
                _wait(process, ready, log)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: httpx.URL, log: Path) -> None:
    deadline = monotonic() + _START_SECONDS
    while not _answers(ready):
        if process.poll() is not None or monotonic() > deadline:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            tell(f"dualtune: the server did not start: {''.join(last) or 'it took too long'}")
            raise typer.Exit(1)
        sleep(0.2)


def _answers(url: httpx.URL) -> bool:
    try:
        return httpx.get(url, timeout=2.0).is_success
    except httpx.HTTPError:
        return False


def _dualtune(*arguments: str) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, *arguments]
