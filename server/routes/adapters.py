"""`/v1/adapters`: list, load and unload at run time, by name, from the store's folder only."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from adapters import Adapter, AdapterError, Store
from server.engine.base import AdapterRejected
from server.routes.common import ServicesDep
from server.wire.errors import ApiError, bad_request
from server.wire.messages import Wire

router = APIRouter()


class AdapterName(Wire):
    """The name of an adapter in the store, as `GET /v1/adapters` lists it."""

    name: str = Field(min_length=1, max_length=256)


@router.get("/v1/adapters")
async def list_adapters(services: ServicesDep) -> dict[str, Any]:
    """The adapters of the store, loaded or not, and the folders that hold a broken one."""
    store = _store(services.store)
    await asyncio.to_thread(store.discover)
    # What is loaded is served, whatever has become of its folder.
    known = {**store.available, **store.loaded}
    rows = [_adapter(adapter, adapter.name in store.loaded) for adapter in known.values()]
    problems = [{"folder": problem.folder.name, "message": problem.message} for problem in store.problems]
    return {"object": "list", "data": rows, "problems": problems}


@router.post("/v1/adapters/load")
async def load_adapter(body: AdapterName, services: ServicesDep) -> dict[str, Any]:
    """Check an adapter as it is on disk now and serve it, in the place of one of the same name."""
    store = _store(services.store)
    try:
        adapter = await asyncio.to_thread(store.check, body.name)
        if (reason := services.stages.prompts.misfit(adapter.invocation_tokens)) is not None:
            raise bad_request(f"adapter {adapter.name}: {reason}", "name", "invalid_adapter")
        await services.engine.load_adapter(adapter)
    except AdapterError as error:
        raise bad_request(error.message, error.field, "invalid_adapter") from error
    except AdapterRejected as error:
        raise bad_request(str(error), "name", "invalid_adapter") from error
    store.add(adapter)
    return _adapter(adapter, loaded=True)


@router.post("/v1/adapters/unload")
async def unload_adapter(body: AdapterName, services: ServicesDep) -> dict[str, Any]:
    """Stop using an adapter; requests that are using it finish with it."""
    store = _store(services.store)
    try:
        store.unload(body.name)
    except AdapterError as error:
        raise bad_request(error.message, error.field, "adapter_not_loaded") from error
    await services.engine.unload_adapter(body.name)
    return {"id": body.name, "object": "adapter", "loaded": False}


def _store(store: Store | None) -> Store:
    if store is None:
        raise ApiError(404, "This server has no adapter store: start it with `--adapters FOLDER`.", code="no_store")
    return store


def _adapter(adapter: Adapter, loaded: bool) -> dict[str, Any]:
    manifest = adapter.manifest
    return {
        "id": adapter.name,
        "object": "adapter",
        "loaded": loaded,
        "kind": adapter.kind.value,
        "rank": adapter.rank,
        "version": adapter.version,
        "manifest": manifest.model_dump(mode="json"),
    }
