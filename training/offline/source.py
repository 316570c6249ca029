"""What demonstrations are made with, and how often each kind of request comes."""

from __future__ import annotations

from dataclasses import dataclass

from toolsets import Toolset
from toolsets.manifest import Manifest
from toolsets.sandbox import Backend
from training.offline.bank import PARTS, Bank

_TOOL_SHARE = 4
_SHARES = {PARTS: 10, "several": 15, "recovery": 4, "followups": 9, "none": 10}
"""How often a category comes for `_TOOL_SHARE` requests for each tool, where there are as many as `_TOOLS`."""
_TOOLS = 13


@dataclass(frozen=True)
class Source:
    """What demonstrations are made with. The same source, seed and number of them give the same demonstrations.

    categories: only these are asked for; none stands for all.
    """

    toolset: Toolset
    manifest: Manifest
    backend: Backend
    bank: Bank
    categories: frozenset[str] = frozenset()

    @property
    def shares(self) -> dict[str, int]:
        """How often each category comes that is asked for."""
        return {
            name: share for name, share in self.all_shares.items() if name in self.categories or not self.categories
        }

    @property
    def all_shares(self) -> dict[str, int]:
        """How often each category comes; tools without phrasings, never."""
        tools = {t.name: _TOOL_SHARE for t in self.toolset.tools if self.bank.of(t.name)}
        others = {name: max(1, round(share * len(tools) / _TOOLS)) for name, share in _SHARES.items()}
        return tools | {name: share for name, share in others.items() if self.bank.of(name)}
