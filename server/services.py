"""What the routes work with, made once for an application."""

from __future__ import annotations

import time
from dataclasses import dataclass

from adapters import Store
from server.admission import Admission
from server.decode.stages import Stages
from server.engine.base import Engine
from server.metrics import Metrics
from server.prompt import Prompts
from server.settings import Settings
from toolsets import Registry


@dataclass(frozen=True, slots=True)
class Services:
    engine: Engine
    stages: Stages
    store: Store | None
    registry: Registry
    settings: Settings
    admission: Admission
    metrics: Metrics
    started: int
    """Seconds since 1970."""

    @classmethod
    def make(
        cls, engine: Engine, store: Store | None, settings: Settings, prompts: Prompts, registry: Registry
    ) -> Services:
        admission = Admission(settings.max_running, settings.max_waiting)
        metrics = Metrics()
        metrics.watch("dualtune_requests_decoding", "Requests that are being decoded.", lambda: admission.decoding)
        metrics.watch("dualtune_requests_queued", "Requests that wait for their turn.", lambda: admission.queued)
        return cls(
            engine, Stages(engine, prompts, store), store, registry, settings, admission, metrics, int(time.time())
        )
