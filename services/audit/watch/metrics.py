"""Prometheus metrics of the watch."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class WatchMetrics:
    """The metrics of the watch, which outlives the auditor's platform and its registry."""

    def __init__(self) -> None:
        self.component_up = Gauge(
            "fenghuo_audit_component_up",
            "1 while a watched component works",
            ["component"],
            registry=None,
        )
        self.heartbeats = Counter(
            "fenghuo_audit_heartbeats_total",
            "Heartbeats of the dead-man's switch, by outcome",
            ["outcome"],
            registry=None,
        )
        self.out_of_band = Counter(
            "fenghuo_audit_out_of_band_total",
            "Attempts to send a message out of band, by outcome",
            ["outcome"],
            registry=None,
        )
        self.starts = Counter(
            "fenghuo_audit_starts_total",
            "Starts of the auditor's reader of Kafka and Postgres within this process",
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Show these metrics in one more registry."""
        for collector in (self.component_up, self.heartbeats, self.out_of_band, self.starts):
            registry.register(collector)
