"""Series of the console, beside those of shared/runtime/metrics.py. Labels are closed sets."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.runtime.clock import Clock


class ConsoleMetrics:
    """One per process."""

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
        self.sign_ins = Counter(
            "fenghuo_console_sign_ins_total",
            "Tries to sign in by way (link, password, oidc) and outcome (done, refused, throttled, unavailable)",
            ["way", "outcome"],
            registry=registry,
        )
        self.streams = Gauge("fenghuo_console_streams", "Live streams open now", registry=registry)
        self.cut = Counter(
            "fenghuo_console_streams_cut_total",
            "Streams cut because their client took nothing any more",
            registry=registry,
        )
        self.resets = Counter(
            "fenghuo_console_stream_resets_total",
            "Streams told to load everything anew because their client was too slow",
            registry=registry,
        )
        self.feed_delay = Histogram(
            "fenghuo_console_feed_delay_seconds",
            "From the commit of a line to its hand-over to the open streams",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5),
            registry=registry,
        )

    def observe_feed_delay(self, clock: Clock, committed_at: datetime) -> None:
        """Note how long an event of the feed has taken from its commit until now."""
        self.feed_delay.observe((clock.now() - committed_at).total_seconds())
