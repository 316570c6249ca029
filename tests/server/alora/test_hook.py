"""The plugin's guards: it installs its hooks only on the vLLM it was written for."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import server.alora
from server.alora import hook
from server.alora.hook import Hook, misfit, source_digest
from server.alora.on_import import on_import

SOURCE = '''
def before(): ...


def area(width: int, height: int) -> int:
    """Docstring."""
    return width * height


class Shape:
    def area(self) -> int:
        return 0

    async def other(self): ...


AFTER = 1
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `vllm` of our own that stands where vLLM would."""
    root = tmp_path / "vllm"
    root.mkdir()
    (root / "__init__.py").touch()
    (root / "_version.py").write_text("version: str\n__version__ = version = '0.32.0'\n")
    (root / "shapes.py").write_text(SOURCE)
    monkeypatch.setattr(hook, "_vllm_folder", lambda: root)
    yield root


def hook_on(place: str, digest: str | None) -> Hook:
    return Hook("vllm.shapes", lambda module: None, {place: digest or "0" * 16})


def test_the_hooks_fit_the_installed_vllm() -> None:
    assert server.alora.supported() is None


def test_a_plugin_that_vllm_would_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_PLUGINS", "lora_filesystem_resolver,dualtune_alora")
    assert server.alora.supported() is None
    monkeypatch.setenv("VLLM_PLUGINS", "lora_filesystem_resolver")
    assert server.alora.supported() == "VLLM_PLUGINS leaves out dualtune_alora: add it, or unset the variable"
    monkeypatch.delenv("VLLM_PLUGINS")
    monkeypatch.setattr(server.alora, "entry_points", lambda **_: ())
    assert str(server.alora.supported()).startswith("vLLM will not find the plugin dualtune_alora: install")


def test_the_check_imports_neither_vllm_nor_torch() -> None:
    code = "import sys, server.alora as a; a.supported(); a.register(); print({'vllm', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_a_function_is_found_by_its_qualified_name(package: Path) -> None:
    digests = [source_digest(package, f"vllm.shapes:{name}") for name in ("area", "Shape.area", "before")]
    assert None not in digests
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    "place", ["vllm.shapes:volume", "vllm.shapes:Shape.volume", "vllm.shapes:Box.area", "vllm.no:x"]
)
def test_a_function_that_is_gone_is_named(package: Path, place: str) -> None:
    assert source_digest(package, place) is None
    reason = misfit([hook_on(place, None)])
    assert reason is not None
    assert f"{place} does not exist" in reason


def test_a_function_that_changed_is_named_and_the_rest_of_its_file_does_not_matter(package: Path) -> None:
    place = "vllm.shapes:area"
    known = hook_on(place, source_digest(package, place))
    assert misfit([known]) is None
    (package / "shapes.py").write_text(SOURCE.replace("return 0", "return 1"))
    assert misfit([known]) is None
    (package / "shapes.py").write_text(SOURCE.replace("width * height", "height * width"))
    reason = misfit([known])
    assert reason is not None
    assert reason.startswith("vLLM 0.32.0 is not the code the hooks fit: vllm.shapes:area has digest")


@pytest.mark.parametrize(
    ("version", "found"), [("'0.31.2'", "0.31.2"), ("'0.33.0'", "0.33.0"), ("None", "an unknown version")]
)
def test_another_version_is_refused_with_the_remedy(package: Path, version: str, found: str) -> None:
    (package / "_version.py").write_text(f"__version__ = version = {version}\n")
    reason = misfit([])
    assert reason is not None
    assert reason.startswith(f"activated adapters fit vLLM 0.32.0, found {found}: install the version")


def test_a_missing_vllm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_vllm_folder", lambda: None)
    assert misfit([]) == "vLLM is not installed: run the installation in README.md"


def test_where_the_hooks_do_not_fit_vllm_is_left_alone(
    package: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (package / "_version.py").write_text("__version__ = version = '9.9.9'\n")
    finders = list(sys.meta_path)
    with caplog.at_level(logging.WARNING):
        server.alora.register()
    assert sys.meta_path == finders
    assert "activated adapters are off: activated adapters fit vLLM 0.32.0, found 9.9.9" in caplog.text


def test_a_hook_runs_once_whether_its_module_is_imported_already_or_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hooked_now", "hooked_later", "never_hooked"):
        (tmp_path / f"{name}.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    seen: list[tuple[str, int]] = []

    def install(module: ModuleType) -> None:
        seen.append((module.__name__, module.VALUE))

    import hooked_now  # type: ignore[import-not-found]  # noqa: F401

    installs = {"hooked_now": install, "hooked_later": install, "absent_module": install}
    on_import(installs)
    on_import(dict(installs))
    assert seen == [("hooked_now", 1)]
    import hooked_later  # type: ignore[import-not-found]
    import never_hooked  # type: ignore[import-not-found]  # noqa: F401

    assert seen == [("hooked_now", 1), ("hooked_later", 1)]
    assert hooked_later.__spec__.origin == str(tmp_path / "hooked_later.py")
    with pytest.raises(ModuleNotFoundError):
        __import__("absent_module")
    for name in ("hooked_now", "hooked_later", "never_hooked"):
        monkeypatch.delitem(sys.modules, name)
