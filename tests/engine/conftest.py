"""One server and one client of each kind for all tests of the real engine: it takes half a minute to start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from openai import AsyncOpenAI, OpenAI

from adapters import BaseModel, Role, describe_base_model
from tests.engine.adapter_files import NOTES, AdapterFiles, write_toolset
from tests.engine.serving import Server, serving


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed shows the end of the log of each server that it used."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Server):
                report.sections.append((f"log of {name}", value.log.read_text()[-8000:]))
    return report


@pytest.fixture(scope="session")
def base(model_dir: Path) -> BaseModel:
    return describe_base_model(str(model_dir))


@pytest.fixture(scope="session")
def adapter_files(tmp_path_factory: pytest.TempPathFactory, base: BaseModel) -> AdapterFiles:
    """The store of `server`, with a selector and the argument adapter of one tool."""
    files = AdapterFiles(tmp_path_factory.mktemp("store"), base)
    files.install(Role.SELECTOR, seed=1)
    files.install(Role.ARGUMENTS, "add_note", seed=2)
    return files


@pytest.fixture(scope="session")
def toolset_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("toolsets")
    write_toolset(root, NOTES)
    return root


@pytest.fixture(scope="session")
def server(
    model_dir: Path, adapter_files: AdapterFiles, toolset_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """`dualtune serve` with the embedded model, one toolset and two adapters.

    In float32: with fewer digits, what the cache holds and what is computed anew may differ in which token is likelier.
    """
    folders = ("--model", str(model_dir), "--adapters", str(adapter_files.root), "--toolsets", str(toolset_root))
    with serving(tmp_path_factory.mktemp("server"), *folders, "--engine", "dtype=float32") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=240) as client:
        yield client


@pytest.fixture
async def async_client(server: Server) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=240) as client:
        yield client
