"""Settings of the server: a TOML file, then `DUALTUNE_*` in the environment, then flags, the later the stronger."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as PydanticSettingsError

from server.middleware.host import is_local

PACKAGED_ADAPTERS = Path(__file__).parent.parent / "adapters"
PACKAGED_TOOLSETS = Path(__file__).parent.parent / "toolsets"


class SettingsError(Exception):
    """A setting is wrong; the message names it, where it came from and the remedy."""


class Settings(BaseSettings):
    """All settings, with their defaults. The same names serve in the file, the environment and on the command line."""

    model_config = SettingsConfigDict(env_prefix="DUALTUNE_", extra="forbid", frozen=True)

    model: str | None = None
    """A local folder, a hub id, or None for the default of this machine."""
    adapters: Path = PACKAGED_ADAPTERS
    toolsets: list[Path] = [PACKAGED_TOOLSETS]
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    api_key: SecretStr | None = None
    cors_origins: list[str] = []

    max_running: int = Field(default=32, ge=1)
    """Requests that are decoded at once."""
    max_waiting: int = Field(default=128, ge=0)
    """Requests that wait; more are answered 429."""
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    keepalive_seconds: float = Field(default=10, gt=0)
    """A stream that is silent for as long gets a comment."""
    drain_seconds: int = Field(default=30, ge=0)
    """How long requests in flight may go on after SIGTERM."""

    max_lora_rank: int = Field(default=32, ge=1)
    max_loras: int = Field(default=8, ge=1)
    """Adapters in one batch."""
    engine: dict[str, Any] = {}
    """Options of vLLM's engine, by the names of its `AsyncEngineArgs`."""

    @field_validator("max_lora_rank")
    @classmethod
    def _rank_that_vllm_has(cls, rank: int) -> int:
        ranks = (1, 8, 16, 32, 64, 128, 256, 320, 512)
        if rank not in ranks:
            raise ValueError(f"vLLM has room for ranks {', '.join(map(str, ranks))}: take the next larger one")
        return rank

    @field_validator("api_key", mode="before")
    @classmethod
    def _empty_is_none(cls, key: object) -> object:
        """An empty variable, as compose files give, asks for no key; an empty key would let nobody in or everybody."""
        return None if key == "" else key

    @property
    def is_loopback(self) -> bool:
        return is_local(self.host)


def default_file() -> Path:
    """`dualtune.toml` in the user's configuration folder."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "dualtune" / "dualtune.toml"


def load_settings(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings; `file` None means the default one, if it is there. Raises `SettingsError`."""
    if file is not None and not file.is_file():
        raise SettingsError(f"{file}: there is no such settings file")
    file = file or default_file()

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    try:
        return Layered(**(flags or {}))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: it is not a text in UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{file}: it cannot be read: {error.strerror}") from error
    except PydanticSettingsError as error:
        raise SettingsError(f"the environment: {error}; lists and tables are written as JSON") from error
    except ValidationError as error:
        raise SettingsError(_explain(error, file, flags or {})) from error


def _explain(error: ValidationError, file: Path, flags: Mapping[str, Any]) -> str:
    lines = []
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "settings"
        if name in flags:
            source = f"--{name.replace('_', '-')}"
        elif f"DUALTUNE_{name.upper()}" in os.environ:
            source = f"DUALTUNE_{name.upper()}"
        else:
            source = f"{name} in {file}"
        lines.append(f"{source}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)
