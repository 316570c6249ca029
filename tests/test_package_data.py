"""What is installed from a wheel is all that lies beside the code."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
PACKAGES = [pattern.removesuffix("*") for pattern in SETUPTOOLS["packages"]["find"]["include"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_beside_the_code_is_packaged(package: str) -> None:
    folder = ROOT / package
    there = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    there -= set((folder / "results").rglob("*"))  # to be looked at, not to be installed
    packaged = {path for pattern in SETUPTOOLS["package-data"].get(package, ()) for path in folder.glob(pattern)}
    assert there - packaged == set()
