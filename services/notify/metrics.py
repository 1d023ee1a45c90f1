"""What notify exports beside the runtime's series."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class NotifyMetrics:
    """Counted per batch; every label is a closed set."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.pages = Counter(
            "fenghuo_notify_pages_total",
            "Page versions published, by channel and the state they reached",
            ["channel", "state", "status"],
            registry=registry,
        )
        self.folded = Counter(
            "fenghuo_notify_pages_folded_total",
            "Calls over an officer's budget, told of in a digest",
            ["level", "status"],
            registry=registry,
        )
        self.digests = Counter(
            "fenghuo_notify_digests_total",
            "Digests that reached a state",
            ["state", "status"],
            registry=registry,
        )
        self.answers = Counter(
            "fenghuo_notify_answers_total",
            "Receipts and answers taken in",
            ["verb", "status"],
            registry=registry,
        )
        self.ladders = Gauge(
            "fenghuo_notify_ladders",
            "Ladders nobody has answered: open (still calling) and exhausted (nobody left to call)",
            ["state", "status"],
            registry=registry,
        )
        self.exhausted = Counter(
            "fenghuo_notify_ladders_exhausted_total",
            "Ladders that ran out of people to call",
            ["status"],
            registry=registry,
        )
        self.deliveries = Counter(
            "fenghuo_notify_attempts_total",
            "Attempts to deliver, by channel and outcome",
            ["channel", "outcome", "status"],
            registry=registry,
        )
        self.leases = Counter(
            "fenghuo_notify_leases_expired_total",
            "Deliveries whose sender vanished; each is sent again, marked as a repeat",
            ["status"],
            registry=registry,
        )
