"""Series of ingest. `reason` is services.ingest.core.refusals.Refusal, a closed set."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """What ingest exports beside the series of every service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.accepted = Counter(
            "fenghuo_ingest_accepted_total",
            "Records acknowledged to their sender, by kind (reading, report, warning)",
            ["kind", "status"],
            registry=registry,
        )
        self.refused = Counter(
            "fenghuo_ingest_refused_total",
            "Requests refused, by reason",
            ["reason"],
            registry=registry,
        )
        self.ticks = Counter(
            "fenghuo_ingest_ticks_total", "Ticks written to the readings", registry=registry
        )
        self.clock_off_s = Gauge(
            "fenghuo_ingest_clock_off_seconds",
            "How far this machine's clock is proven to be ahead of Kafka's (negative: behind); "
            "beyond 2 s Kafka's is used instead",
            registry=registry,
        )
        self.sensors = Gauge("fenghuo_ingest_sensors", "Sensors catalogued", registry=registry)
