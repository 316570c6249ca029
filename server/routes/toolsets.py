"""`GET /v1/toolsets`: what is registered, and which adapters there are for it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from adapters import Role, Store
from server.routes.common import ServicesDep
from toolsets import Toolset

router = APIRouter()


@router.get("/v1/toolsets")
async def list_toolsets(services: ServicesDep) -> dict[str, Any]:
    """The registered toolsets with their tools, and the toolsets that could not be read."""
    rows = [_toolset(toolset, services.store) for toolset in services.registry.toolsets.values()]
    problems = [{"folder": problem.folder.name, "message": problem.message} for problem in services.registry.problems]
    return {"object": "list", "data": rows, "problems": problems}


def _toolset(toolset: Toolset, store: Store | None) -> dict[str, Any]:
    def loaded(role: Role, tool: str | None = None) -> str | None:
        adapter = store.find(role, toolset.name, tool) if store else None
        return adapter.name if adapter else None

    return {
        "id": toolset.name,
        "object": "toolset",
        "description": toolset.description,
        "digest": toolset.digest,
        "selector": loaded(Role.SELECTOR),
        "summary": loaded(Role.SUMMARY),
        "tools": [
            {
                "name": tool.name,
                "description": tool.description,
                "digest": tool.digest,
                "adapter": loaded(Role.ARGUMENTS, tool.name),
            }
            for tool in toolset.tools
        ],
    }
