"""The series that every service exports. Labels are closed sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.dead_letter import Reason


class RuntimeMetrics:
    """Counters and gauges of one process; counted per batch, never per message."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.records = Counter(
            "fenghuo_records_total", "Records taken from a topic", ["topic"], registry=registry
        )
        self.duplicates = Counter(
            "fenghuo_duplicates_total", "Repeated records dropped", ["topic"], registry=registry
        )
        self.prioritised = Counter(
            "fenghuo_early_records_total",
            "Urgent records applied before their turn, with what lay before them under their keys",
            ["topic"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "fenghuo_dead_letters_total",
            "Records refused to the dead letters",
            ["topic", "reason"],
            registry=registry,
        )
        self.retries = Counter(
            "fenghuo_retries_total",
            "Batches tried again after a transient failure",
            registry=registry,
        )
        self.lag = Gauge(
            "fenghuo_consumer_lag_records",
            "Records in the topic behind our position",
            ["topic"],
            registry=registry,
        )
        self.lag_s = Gauge(
            "fenghuo_consumer_lag_seconds",
            "Age of the oldest record in the topic that is not handled",
            ["topic"],
            registry=registry,
        )
        self.blocked = Gauge(
            "fenghuo_partitions_standing",
            "Partitions that cannot be read on, or whose next records are missing",
            ["topic"],
            registry=registry,
        )
        self.published = Counter(
            "fenghuo_published_total", "Records acknowledged by Kafka", ["topic"], registry=registry
        )
        self.producers = Counter(
            "fenghuo_producers_created_total",
            "Kafka producers this process has created (more than at its start: a rebuild)",
            registry=registry,
        )
        self.outbox = Gauge("fenghuo_outbox_rows", "Outbox rows not published", registry=registry)
        self.outbox_oldest = Gauge(
            "fenghuo_outbox_oldest_seconds",
            "The age of the oldest outbox row that is not published",
            registry=registry,
        )
        self.outbox_set_aside = Gauge(
            "fenghuo_outbox_quarantined_rows",
            "Outbox rows that Kafka never takes, set aside for a person",
            registry=registry,
        )
        self.outbox_quarantined = Counter(
            "fenghuo_outbox_quarantined_total",
            "Outbox rows set aside because Kafka refused them alone",
            ["topic"],
            registry=registry,
        )
        self.outbox_troubled = Gauge(
            "fenghuo_outbox_partition_waits",
            "1 while the outbox rows of a partition wait because Kafka does not take them",
            ["topic", "partition"],
            registry=registry,
        )
        self.timers_failed = Counter(
            "fenghuo_timers_failed_total",
            "Durable timers set aside because of a bug (state `failed`)",
            registry=registry,
        )
        self.not_waiting_for = Gauge(
            "fenghuo_timers_not_waiting_for",
            "Partitions that stand unread, and for which timers no longer wait",
            registry=registry,
        )
        self.timers_late = Histogram(
            "fenghuo_timer_late_seconds",
            "How late durable timers fired",
            buckets=(0.25, 0.5, 1, 2, 5, 30, 300),
            registry=registry,
        )

    def preset_dead_letters(self, topic: str) -> None:
        """Show a topic's dead letters as zero by reason: Prometheus sees no growth of a new series.

        A bad version begins with a burst of them.
        """
        for reason in Reason:
            self.dead_letters.labels(topic, reason.value)
