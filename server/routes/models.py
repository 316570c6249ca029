"""`GET /v1/models` and `/v1/models/{id}`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from server.decode.request import Profile
from server.profiles import PROFILES
from server.routes.common import ServicesDep
from server.services import Services
from server.wire.errors import model_not_found

router = APIRouter()


@router.get("/v1/models")
async def list_models(services: ServicesDep) -> dict[str, Any]:
    """The profiles, each a model id."""
    return {"object": "list", "data": [_model(profile, services) for profile in PROFILES.values()]}


@router.get("/v1/models/{id}")
async def retrieve_model(id: str, services: ServicesDep) -> dict[str, Any]:
    profile = PROFILES.get(id)
    if profile is None:
        raise model_not_found(id, list(PROFILES))
    return _model(profile, services)


def _model(profile: Profile, services: Services) -> dict[str, Any]:
    model = services.engine.model
    return {
        "id": profile.id,
        "object": "model",
        "created": services.started,
        "owned_by": "dualtune",
        "base_model": model.name,
        "max_model_len": model.max_tokens,
        "description": profile.description,
    }
