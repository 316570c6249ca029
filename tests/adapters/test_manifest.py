"""A manifest is read as it was written, and written whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters import AdapterError, BaseModelId, Manifest, Role, read_manifest, write_manifest

COMMON: dict[str, Any] = {
    "base_model": BaseModelId(name="Qwen/Qwen2.5-7B-Instruct", digest="b"),
    "prompt_format": 1,
    "tools_digest": "t",
    "data_digest": "d",
    "weights_digest": "w",
    "created": datetime(2026, 1, 2, tzinfo=UTC),
}

numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROUTER: dict[str, Any] = {"role": Role.ROUTER, "toolsets": ("filesystem", "google-drive")}
NAMES: list[dict[str, Any]] = [
    ROUTER,
    {"role": Role.SELECTOR, "toolset": "filesystem"},
    {"role": Role.TRADITIONAL, "toolset": "google-drive"},
    {"role": Role.ARGUMENTS, "toolset": "filesystem", "tool": "read_file"},
]
manifests = st.sampled_from(NAMES).flatmap(
    lambda names: st.builds(
        Manifest,
        **{name: st.just(value) for name, value in (COMMON | names).items() if name != "created"},
        metrics=st.dictionaries(st.text(), numbers, max_size=3),
        created=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])),
        training=st.dictionaries(st.text(), values, max_size=3),
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(manifest=manifests)
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest, tmp_path: Path) -> None:
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    ("members", "name"),
    [
        (ROUTER, "router"),
        ({"role": Role.SELECTOR, "toolset": "filesystem"}, "filesystem/selector"),
        ({"role": Role.TRADITIONAL, "toolset": "filesystem"}, "filesystem/traditional"),
        ({"role": Role.ARGUMENTS, "toolset": "filesystem", "tool": "read_file"}, "filesystem/arguments/read_file"),
    ],
)
def test_an_adapter_is_named_after_its_place(members: dict[str, Any], name: str) -> None:
    assert Manifest(**COMMON, **members).name == name


@pytest.mark.parametrize(
    "members",
    [
        {**ROUTER, "toolset": "filesystem"},
        {**ROUTER, "tool": "read_file"},
        {"role": Role.ROUTER},
        {"role": Role.SELECTOR, "toolset": "filesystem", "toolsets": ("filesystem",)},
        {"role": Role.ARGUMENTS, "toolset": "filesystem"},
        {"role": Role.ARGUMENTS, "tool": "read_file"},
        {"role": Role.TRADITIONAL, "toolset": "filesystem", "tool": "read_file"},
        {"role": Role.ARGUMENTS, "toolset": "filesystem", "tool": "../read_file"},
        {**ROUTER, "created": datetime(2026, 1, 2)},
        {**ROUTER, "metrics": {"loss": float("nan")}},
    ],
)
def test_a_manifest_that_contradicts_itself_cannot_be_made(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Manifest(**(COMMON | members))


def test_a_manifest_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    old = Manifest(**COMMON, **ROUTER)
    write_manifest(tmp_path, old)
    # A lone surrogate has no bytes in UTF-8, so that writing fails halfway.
    with pytest.raises(ValueError, match="surrogate"):
        write_manifest(tmp_path, Manifest(**COMMON, **ROUTER, training={"note": "\ud800"}))
    assert read_manifest(tmp_path) == old
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


def test_a_manifest_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterError) as refusal:
        read_manifest(tmp_path)
    assert (refusal.value.message, refusal.value.field) == (
        "manifest.json cannot be read: No such file or directory; train the adapter again or restore the file",
        "manifest.json",
    )
