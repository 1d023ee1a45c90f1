"""Metrics of the console, beside shared/runtime/metrics.py. Labels have closed sets of values."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.runtime.clock import Clock


class ConsoleMetrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.acts = Counter(
            "fenghuo_console_acts_total",
            "Acts of people by topic and outcome (recorded, repeated, conflict, unavailable)",
            ["topic", "outcome"],
            registry=registry,
        )
        self.refusals = Counter(
            "fenghuo_console_refusals_total",
            "Acts refused by the access rules",
            ["reason"],
            registry=registry,
        )
        self.data_calls = Counter(
            "fenghuo_console_data_calls_total",
            "Answers of the read API by the topic whose data they deliver",
            ["topic"],
            registry=registry,
        )
        self.sign_ins = Counter(
            "fenghuo_console_sign_ins_total",
            "Attempts to sign in by way (link, password, oidc) and outcome "
            "(done, refused, throttled, unavailable)",
            ["way", "outcome"],
            registry=registry,
        )
        self.streams = Gauge("fenghuo_console_streams", "Live streams open now", registry=registry)
        self.cut = Counter(
            "fenghuo_console_streams_cut_total",
            "Streams that were closed because their client stopped reading",
            registry=registry,
        )
        self.resets = Counter(
            "fenghuo_console_stream_resets_total",
            "Streams that had to load everything again because their client was too slow",
            registry=registry,
        )
        self.feed_delay = Histogram(
            "fenghuo_console_feed_delay_seconds",
            "Seconds from the commit of an event to its writing to the open streams",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5),
            registry=registry,
        )

    def observe_feed_delay(self, clock: Clock, committed_at: datetime) -> None:
        """Note how long an event of the feed has taken from its commit until now."""
        self.feed_delay.observe((clock.now() - committed_at).total_seconds())
