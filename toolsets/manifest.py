"""The files of a toolset's folder: `toolset.toml`, written by hand; `tools.json`, taken from the server."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from jsonschema import Draft202012Validator, SchemaError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from toolsets.model import Tool, Toolset, ToolsetError

MANIFEST = "toolset.toml"
SNAPSHOT = "tools.json"


def _like(pattern: str, words: str) -> AfterValidator:
    """Text that matches the whole of `pattern`; `words` say what that is."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"{text!r} is not {words}")
        return text

    return AfterValidator(check)


# A toolset's name holds no "__", which parts it from a tool's in what clients send. Where a toolset is chosen, "none"
# means none of them, and "tools" those that a client brings along.
ToolsetName = Annotated[
    str,
    _like(
        r"(?!(none|tools)$)(?=.{1,32}$)[a-z0-9]+([_-][a-z0-9]+)*",
        "a name of at most 32 of a-z and 0-9, with single - or _ between, and neither none nor tools",
    ),
]
ToolName = Annotated[
    str, _like(r"[A-Za-z0-9_-]{1,64}", "a name the OpenAI API accepts: at most 64 of a-z, A-Z, 0-9, _ and -")
]
VariableName = Annotated[str, _like(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")]
Line = Annotated[str, _like(r"\S.{0,299}", "one line of at most 300 characters")]
AbsolutePath = Annotated[str, _like(r"/.*", "an absolute path")]
# A secret goes along in the headers, so only this machine is spoken to in the clear.
SafeUrl = Annotated[
    str,
    _like(
        r"(https://|http://(127\.0\.0\.1|localhost|\[::1\])(?=[:/]|$))[^\s@]*",
        "an https address, or an http address of this machine",
    ),
]
Model = TypeVar("Model", bound=BaseModel)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Package(_File):
    """Where the server's code comes from, pinned."""

    source: Literal["npm", "python"]
    name: str
    version: str


class Server(_File):
    """How the MCP server is reached: a `command` spoken to over stdio, or a streamable HTTP `url`.

    In `command` and `env`, `{root}` stands for the workspace folder, `{node_modules}` for the installed npm packages
    and `{python}` for the interpreter that has the Python servers; in `headers`, `{NAME}` for a secret. `secrets` are
    names of environment variables that must be set where the server is started; of `optional`, a variable of the
    server is set when the one it names is (`BASE_URL = "NOTION_BASE_URL"`: the former is too common a name to be taken
    from a user's environment). Values are never kept.
    """

    command: tuple[str, ...] = ()
    url: SafeUrl | None = None
    headers: dict[str, str] = {}
    package: Package | None = None
    env: dict[VariableName, str] = {}
    secrets: tuple[VariableName, ...] = ()
    optional: dict[VariableName, VariableName] = {}
    error_members: dict[str, Any] = {}
    """A text result that is a JSON object with these members is an error: not every server sets `isError`."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either command or url")
        if self.url and (self.env or self.optional or self.package):
            raise ValueError("env, optional and package belong to a command, not to a url")
        if self.command and self.headers:
            raise ValueError("headers belong to a url, not to a command")
        return self


class Selection(_File):
    """The tools of the server that are offered, and why only these."""

    names: tuple[ToolName, ...] = Field(min_length=1)
    reason: str


class Limits(_File):
    """What the server may touch and use while it runs."""

    network: bool = False
    root: Literal["write", "read", "none"] = "none"
    read: tuple[AbsolutePath, ...] = ()
    """Further files and folders that the server's own code needs."""
    memory_mb: int = Field(default=1024, ge=64)
    processes: int = Field(default=64, ge=16)


class Manifest(_File):
    """`toolset.toml`. `description` is the line by which a step is routed to this toolset.

    `paper` names those of its tools with which the DualTune paper's evaluation is repeated (`Registry.paper`).
    """

    name: ToolsetName
    description: Line
    paper: tuple[ToolName, ...] | Literal["all"] = ()
    server: Server
    tools: Selection | None = None
    sandbox: Limits = Limits()


def _is_object_schema(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"not a JSON Schema: {error.message}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if schema.get("type") != "object":
        raise ValueError('not the schema of an object: "type" must be "object"')
    return schema


class SnapshotTool(_File):
    """A tool as `tools/list` gives it, without what the model does not see."""

    name: ToolName
    description: str = ""
    inputSchema: Annotated[dict[str, Any], AfterValidator(_is_object_schema)]  # noqa: N815 - the name MCP gives it


class Snapshot(_File):
    """`tools.json`: the tools that are offered, the names of those left out, and the digest of the former."""

    digest: str
    tools: tuple[SnapshotTool, ...] = Field(min_length=1)
    left_out: tuple[str, ...] = ()

    def toolset(self, name: str, description: str) -> Toolset:
        tools = (Tool(tool.name, tool.description, tool.inputSchema) for tool in self.tools)
        return Toolset(name, description, tuple(tools))


def read_manifest(folder: Path) -> Manifest:
    """Read `toolset.toml`. Raises ToolsetError naming the field when it is missing or not as it must be."""
    try:
        data = tomllib.loads(_read(folder / MANIFEST))
    except tomllib.TOMLDecodeError as error:
        raise ToolsetError(f"{folder / MANIFEST} is not TOML: {error}") from None
    manifest = validated(Manifest, data, folder / MANIFEST)
    if manifest.name != folder.name:
        raise ToolsetError(f"{folder / MANIFEST}: name is {manifest.name!r}, the folder {folder.name!r}", "name")
    return manifest


def read_snapshot(folder: Path) -> Snapshot:
    """Read `tools.json`. Raises ToolsetError naming the field when it is missing or not as it must be."""
    try:
        data = json.loads(_read(folder / SNAPSHOT))
    except (ValueError, RecursionError) as error:
        raise ToolsetError(f"{folder / SNAPSHOT} is not JSON: {error}") from None
    return validated(Snapshot, data, folder / SNAPSHOT)


def read_toolset(folder: Path) -> tuple[Manifest, Toolset]:
    """Read a toolset's folder. Raises ToolsetError also when its two files do not belong together."""
    manifest, snapshot = read_manifest(folder), read_snapshot(folder)
    toolset = snapshot.toolset(manifest.name, manifest.description)
    names = [tool.name for tool in toolset.tools]
    remedy = f"run: dualtune toolset refresh {manifest.name}"
    if len(set(names)) < len(names):
        raise ToolsetError(f"{folder / SNAPSHOT} names a tool twice; {remedy}", "tools")
    if manifest.tools is not None and set(manifest.tools.names) != set(names):
        differing = ", ".join(sorted(set(manifest.tools.names) ^ set(names)))
        raise ToolsetError(f"{MANIFEST} and {SNAPSHOT} of {folder} differ in {differing}; {remedy}", "tools")
    if manifest.paper != "all" and (unknown := set(manifest.paper) - set(names)):
        raise ToolsetError(f"{folder / MANIFEST}: paper: there is no tool {', '.join(sorted(unknown))}", "paper")
    if snapshot.digest != toolset.digest:
        raise ToolsetError(f"{folder / SNAPSHOT} was changed by hand: its digest does not fit; {remedy}", "digest")
    return manifest, toolset


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ToolsetError(f"{path} is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ToolsetError(f"{path} cannot be read: {error}") from None


def validated(model: type[Model], data: Any, source: Path | str) -> Model:
    """`data` as a `model`. Raises ToolsetError that names `source` and the field at fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        field, problem = first_problem(error)
        raise ToolsetError(f"{source}: {field}: {problem}", field) from None


def first_problem(error: ValidationError) -> tuple[str, str]:
    """The first field that is not as it must be, and why, in a few words."""
    first = error.errors()[0]
    return ".".join(str(part) for part in first["loc"]) or "file", first["msg"].removeprefix("Value error, ")
