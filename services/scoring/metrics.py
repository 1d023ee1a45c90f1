"""Series of scoring. They are counted per batch; labels are closed sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from shared.fastpath.loader import form


class ScoringMetrics:
    """The series of scoring, beside the series of every service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.readings = Counter(
            "fenghuo_scoring_readings_total",
            "Readings by outcome (scored, late, duplicate, replayed)",
            ["outcome"],
            registry=registry,
        )
        self.alarms = Counter(
            "fenghuo_scoring_alarms_total",
            "Changes of alarms (raised, upgraded, downgraded, revised, cleared)",
            ["transition", "status"],
            registry=registry,
        )
        self.health = Counter(
            "fenghuo_scoring_health_total",
            "Changes of sensor health (online, silent, faulty)",
            ["state", "status"],
            registry=registry,
        )
        self.ticks = Counter(
            "fenghuo_scoring_ticks_total",
            "Ticks written in place of ingest, whose own do not come",
            registry=registry,
        )
        self.shadow = Counter(
            "fenghuo_scoring_shadow_total",
            "Moments at which a candidate rule begins to differ from the live one, or agrees again",
            ["rule", "candidate"],
            registry=registry,
        )
        self.busy_s = Counter(
            "fenghuo_scoring_busy_seconds",
            "Time spent deciding (decoding included), publishing and storing states",
            ["stage"],
            registry=registry,
        )
        self.states_stored = Counter(
            "fenghuo_scoring_states_stored_total",
            "States written to the changelog",
            registry=registry,
        )
        self.states = Gauge(
            "fenghuo_scoring_states", "Sensor states held in memory", registry=registry
        )
        self.restore_s = Gauge(
            "fenghuo_scoring_restore_seconds", "How long the last restore took", registry=registry
        )
        self.flush_s = Histogram(
            "fenghuo_scoring_flush_seconds",
            "How long storing the changed states took",
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
            registry=registry,
        )
        self.engine = Info(
            "fenghuo_scoring_engine",
            "Whether the hot path runs compiled or as plain Python",
            registry=registry,
        )
        self.engine.info({"form": form()})
        self.rules = Gauge("fenghuo_scoring_rules", "Rules in force", registry=registry)
        self.sensors = Gauge("fenghuo_scoring_sensors", "Sensors catalogued", registry=registry)
