"""`/health` (the process lives), `/ready` (the engine serves), `/metrics`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from server.routes.common import ServicesDep

router = APIRouter()


@router.get("/health")
async def health() -> dict[str, str]:
    """200 while the process lives, engine or not."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(services: ServicesDep) -> dict[str, str]:
    """200 when requests can be served; 503 while the model is loading or the engine is dead."""
    await services.engine.health()
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(services: ServicesDep) -> Response:
    return Response(services.metrics.render(), media_type=services.metrics.content_type)
