"""Settings from the file, the environment and flags, and how a wrong one is named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DUALTUNE_{name.upper()}", raising=False)
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_without_any_the_defaults_keep_to_this_machine() -> None:
    settings = load_settings()
    assert settings.model_dump() == Settings().model_dump()
    assert (settings.host, settings.port, settings.api_key, settings.cors_origins) == ("127.0.0.1", 8000, None, [])
    assert settings.is_loopback


def test_the_environment_is_stronger_than_the_file_and_flags_are_stronger_than_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('model = "file"\nhost = "file"\nport = 1\ntoolsets = ["/file"]\n')
    monkeypatch.setenv("DUALTUNE_HOST", "environment")
    monkeypatch.setenv("DUALTUNE_PORT", "2")
    monkeypatch.setenv("DUALTUNE_TOOLSETS", '["/environment"]')
    settings = load_settings(file, {"port": 3})
    assert (settings.model, settings.host, settings.port, settings.toolsets) == (
        "file",
        "environment",
        3,
        [Path("/environment")],
    )


def test_engine_options_of_all_sources_come_together(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[engine]\na = 1\nb = 1\nc = 1\n")
    monkeypatch.setenv("DUALTUNE_ENGINE", '{"b": 2, "c": 2}')
    assert load_settings(file, {"engine": {"c": 3, "d": 3}}).engine == {"a": 1, "b": 2, "c": 3, "d": 3}


def test_the_users_own_file_is_read_where_none_is_named(home: Path) -> None:
    (home / "dualtune").mkdir()
    (home / "dualtune" / "dualtune.toml").write_text("port = 7\n")
    assert load_settings().port == 7


def test_an_empty_variable_asks_for_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALTUNE_API_KEY", "")
    assert load_settings().api_key is None


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUALTUNE_API_KEY", "sesame")
    settings = load_settings()
    assert "sesame" not in repr(settings)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "sesame"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("port = 99999", "port in {file}: Input should be less than or equal to 65535"),
        ("prot = 1", "prot in {file}: Extra inputs are not permitted"),
        ("port = ", "{file}: Invalid value (at end of document)"),
        ("[engine]\n[engine]", "{file}: Cannot declare ('engine',) twice (at line 2, column 8)"),
        ("drain_seconds = -1", "drain_seconds in {file}: Input should be greater than or equal to 0"),
        ('cors_origins = "all"', "cors_origins in {file}: Input should be a valid list"),
        (
            "max_lora_rank = 17",
            "max_lora_rank in {file}: vLLM has room for ranks 1, 8, 16, 32, 64, 128, 256, 320, 512: "
            "take the next larger one",
        ),
    ],
)
def test_a_wrong_setting_of_the_file_is_named_in_one_line(file: Path, content: str, message: str) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError, match=f"^{re.escape(message.format(file=file))}$"):
        load_settings(file)


def test_a_file_that_is_no_text_is_named(file: Path) -> None:
    file.write_bytes(b"model = \xff")
    with pytest.raises(SettingsError, match=f"^{re.escape(str(file))}: it is not a text in UTF-8$"):
        load_settings(file)


def test_a_file_that_cannot_be_read_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(stream: object) -> None:
        raise PermissionError(13, "Permission denied")

    file.touch()
    monkeypatch.setattr(tomllib, "load", denied)
    with pytest.raises(SettingsError, match=f"^{re.escape(str(file))}: it cannot be read: Permission denied$"):
        load_settings(file)


def test_a_named_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{re.escape(str(file))}: there is no such settings file$"):
        load_settings(file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "DUALTUNE_PORT",
            "many",
            "DUALTUNE_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        ("DUALTUNE_MAX_WAITING", "-1", "DUALTUNE_MAX_WAITING: Input should be greater than or equal to 0"),
        (
            "DUALTUNE_TOOLSETS",
            "/a",
            'the environment: error parsing value for field "toolsets" from source "EnvSettingsSource"; '
            "lists and tables are written as JSON",
        ),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        load_settings()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"port": -1}, "--port: Input should be greater than or equal to 0"),
        ({"engine": []}, "--engine: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_flag_is_named_in_one_line(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        load_settings(flags=flags)


def test_several_mistakes_are_named_with_their_sources(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("max_loras = 0")
    monkeypatch.setenv("DUALTUNE_MAX_RUNNING", "0")
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {"port": -1})
    least = "Input should be greater than or equal to"
    assert str(caught.value).split("; ") == [
        f"--port: {least} 0",
        f"DUALTUNE_MAX_RUNNING: {least} 1",
        f"max_loras in {file}: {least} 1",
    ]


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("a.b", False)],  # noqa: S104
)
def test_loopback_is_told_from_the_world(host: str, local: bool) -> None:
    assert Settings(host=host).is_loopback is local
