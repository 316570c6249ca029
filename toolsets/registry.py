"""The toolsets found on disk, and which of them owns a tool that a client sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from toolsets.manifest import MANIFEST, Manifest, read_toolset
from toolsets.model import Tool, Toolset, ToolsetError

SEPARATOR = "__"
PACKAGED = Path(__file__).parent
"""The folder of the shipped toolsets."""


@dataclass(frozen=True, slots=True)
class Match:
    """A registered tool under the name a client gave it. `same_schema`: it accepts the same arguments."""

    toolset: Toolset
    tool: Tool
    same_schema: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the toolset in a folder was left out."""

    folder: Path
    message: str


@dataclass(frozen=True, slots=True)
class Registry:
    """Toolsets by name. One whose files are not as they must be is missing here and named in `problems`."""

    toolsets: Mapping[str, Toolset]
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @classmethod
    def load(cls, *folders: Path) -> Self:
        """Read every `NAME/toolset.toml` in `folders`; of two of one name, the later folder's is taken."""
        toolsets: dict[str, Toolset] = {}
        manifests: dict[str, Manifest] = {}
        problems: list[Problem] = []
        for folder in folders:
            if not folder.is_dir():
                problems.append(Problem(folder, f"{folder} is not a folder"))
            for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
                name = manifest.parent.name
                try:
                    manifests[name], toolsets[name] = read_toolset(manifest.parent)
                except ToolsetError as error:
                    problems.append(Problem(manifest.parent, error.message))
        return cls(toolsets, manifests, tuple(problems))

    def paper(self) -> tuple[Toolset, ...]:
        """The toolsets of the DualTune paper, cut down to the tools it has: thirty in the shipped three."""
        cut = []
        for name, manifest in self.manifests.items():
            toolset = self.toolsets[name]
            tools = (tool for tool in toolset.tools if manifest.paper == "all" or tool.name in manifest.paper)
            cut.append(replace(toolset, tools=tuple(tools)))
        return tuple(toolset for toolset in cut if toolset.tools)

    def find(self, tool_name: str, digest: str) -> Match | None:
        """The registered tool that a client calls `tool_name`; `digest` is that of the client's own `Tool`.

        The name may be bare or follow its server's name and "__". It decides alone where one toolset fits it;
        where several do, or where the server's name is not a toolset's, the schema must be the same too.
        """
        called = SEPARATOR + tool_name
        matches = [
            Match(toolset, tool, tool.digest_as(tool_name) == digest)
            for toolset in self.toolsets.values()
            for tool in toolset.tools
            if called.endswith(SEPARATOR + tool.name)
        ]
        prefixed = [m for m in matches if called.endswith(SEPARATOR.join(("", m.toolset.name, m.tool.name)))]
        bare = [m for m in matches if m.tool.name == tool_name]
        agreeing = [m for m in matches if m.same_schema]
        return next((group[0] for group in (prefixed, bare, agreeing) if len(group) == 1), None)
