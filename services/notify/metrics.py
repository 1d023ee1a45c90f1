"""The series that notify exports beside the runtime's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class NotifyMetrics:
    """Counted per transaction; every label has a closed set of values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.pages = Counter(
            "fenghuo_notify_pages_total",
            "Page versions published, by channel and state",
            ["channel", "state", "status"],
            registry=registry,
        )
        self.digested = Counter(
            "fenghuo_notify_pages_digested_total",
            "Calls over an officer's budget, put into a digest",
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
            "Receipts and answers applied",
            ["verb", "status"],
            registry=registry,
        )
        self.escalations = Gauge(
            "fenghuo_notify_escalations",
            "Escalations without an answer: open (still calling), exhausted (every post called)",
            ["state", "status"],
            registry=registry,
        )
        self.exhausted = Counter(
            "fenghuo_notify_escalations_exhausted_total",
            "Escalations in which every post was called without an answer",
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
