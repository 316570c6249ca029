"""The application on the scripted engine, and a client for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from server.app import create_app
from server.engine.base import Engine
from server.engine.scripted import ScriptedEngine
from server.settings import Settings
from tests.server.toy import REGISTRY, ToyStore, prompts
from toolsets import Tool

HELLO = [{"role": "user", "content": "Hello"}]
CHAT = "/v1/chat/completions"


def app_on(engine: Engine | None = None, store: ToyStore | None = None, **settings: Any) -> FastAPI:
    return create_app(engine or ScriptedEngine([]), store, Settings(**settings), prompts(), REGISTRY)


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=20) as client:
        yield client


def wire(tool: Tool, **more: Any) -> dict[str, Any]:
    """A tool as a client sends it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters, **more}
    return {"type": "function", "function": function}


def body(**members: Any) -> dict[str, Any]:
    return {"model": "dualtune", "messages": HELLO, **members}
