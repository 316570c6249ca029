"""Reading JSON files into pydantic models, and writing files whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from adapters.errors import AdapterError, cut

Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model], remedy: str) -> Model:
    """Read `path` as a `model`. Raises AdapterError with the first fault found and `remedy`."""
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise AdapterError(f"{path.name} cannot be read: {error.strerror}; {remedy}", path.name) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        member = ".".join(cut(str(part)) for part in first["loc"])
        field = f"{path.name}: {member}" if member else path.name
        fault = first["msg"].removeprefix("Value error, ")
        raise AdapterError(f"{field}: {fault[:1].lower()}{fault[1:]}; {remedy}", field) from None


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path`, or leave what was there. The folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
