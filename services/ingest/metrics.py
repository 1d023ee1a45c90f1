"""The metrics of ingest. `reason` is a services.ingest.core.refusals.ProblemKind, a closed set."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class IngestMetrics:
    """The series of ingest, beside those of the platform."""

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
        self.refused_readings = Counter(
            "fenghuo_ingest_refused_readings_total",
            "Readings refused in batches of which other readings were taken, by reason",
            ["reason"],
            registry=registry,
        )
        self.ticks = Counter(
            "fenghuo_ingest_ticks_total", "Ticks written to the readings", registry=registry
        )
        self.clock_offset_s = Gauge(
            "fenghuo_ingest_clock_off_seconds",
            "How far this machine's clock is proven to be ahead of Kafka's (negative: behind); "
            "beyond 2 s Kafka's is used instead",
            registry=registry,
        )
        self.volume_free = Gauge(
            "fenghuo_kafka_volume_free_ratio",
            "Free part of the fullest volume of a node of Kafka",
            ["node"],
            registry=registry,
        )
        self.refuses_readings = Gauge(
            "fenghuo_ingest_refuses_readings",
            "1 while readings are refused because a volume of Kafka is nearly full",
            registry=registry,
        )
        self.sensors = Gauge("fenghuo_ingest_sensors", "Sensors catalogued", registry=registry)
        self.sources = Gauge("fenghuo_ingest_sources", "Sources catalogued", registry=registry)
