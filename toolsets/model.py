"""A tool and a toolset as values: what the stages choose among and what adapters are bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from toolsets.schema import schema_digest


class ToolsetError(Exception):
    """A toolset, its files or its server is not as it must be; `field` names the part at fault."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def _no_arguments() -> Mapping[str, Any]:
    return {"type": "object", "properties": {}}


@dataclass(frozen=True)
class Tool:
    """One function of an MCP server. `parameters` is the JSON Schema of its arguments, an object's."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=_no_arguments, hash=False)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the name and of what the schema accepts (see `toolsets.schema`).

        Raises ToolsetError when the schema is nested too deeply to be read.
        """
        return self.digest_as(self.name)

    def digest_as(self, name: str) -> str:
        """The digest of this tool under another name, such as one that a client has put a prefix before."""
        return _sha256([name, self._schema_digest])

    @cached_property
    def _schema_digest(self) -> str:
        try:
            return schema_digest(self.parameters)
        except RecursionError:
            raise ToolsetError(f"the schema of {self.name!r} is nested too deeply", "parameters") from None


@dataclass(frozen=True)
class Toolset:
    """The tools of one MCP server that are offered together; `description` is the line that routing reads."""

    name: str
    description: str
    tools: tuple[Tool, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of the digests of the tools, in whatever order they stand."""
        return _sha256(sorted(tool.digest for tool in self.tools))


def _sha256(value: list[str]) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()
