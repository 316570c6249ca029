"""Prometheus metrics of one application: its own registry, and vLLM's beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from server.decode.events import StageDone

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class Metrics:
    """What the server counts. Stage labels: `stage`, and whether an adapter decoded it."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "dualtune_requests",
            "Chat completions, by profile and HTTP status.",
            ["profile", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "dualtune_stage_seconds",
            "Time of one stage, in seconds.",
            ["stage", "adapted"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._confidence = Histogram(
            "dualtune_stage_confidence",
            "Probability of the choice among those allowed.",
            ["stage", "adapted"],
            buckets=_SHARES,
            registry=registry,
        )
        self._tokens = Counter(
            "dualtune_tokens",
            "Tokens by stage: kind is prompt, cached (the part of the prompt found in the cache) or completion.",
            ["stage", "kind"],
            registry=registry,
        )

    def watch(self, name: str, help: str, value: Callable[[], float]) -> None:
        """A gauge that is read when the metrics are."""
        Gauge(name, help, registry=self._registry).set_function(value)

    def count_request(self, profile: str, status: int) -> None:
        """`status` is 499 where the client went away."""
        self._requests.labels(profile, status).inc()

    def count_stage(self, report: StageDone) -> None:
        if report.prompt_tokens == 0:
            return  # only one choice was left: nothing was decoded
        stage, adapted = report.stage.value, str(report.adapter is not None).lower()
        self._seconds.labels(stage, adapted).observe(report.seconds)
        if report.confidence is not None:
            self._confidence.labels(stage, adapted).observe(report.confidence)
        self._tokens.labels(stage, "prompt").inc(report.prompt_tokens)
        self._tokens.labels(stage, "cached").inc(report.cached_tokens)
        self._tokens.labels(stage, "completion").inc(report.completion_tokens)

    def render(self) -> bytes:
        """The text format, vLLM's own metrics included once it is loaded."""
        text = generate_latest(self._registry)
        if "vllm.v1.metrics.prometheus" in sys.modules:
            from vllm.v1.metrics.prometheus import get_prometheus_registry

            text += generate_latest(get_prometheus_registry())
        return text
