"""Series of alerting. Counted once per batch before its commit: a retried batch counts again."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from services.alerting.core.grouping import Disposition
from services.alerting.core.lifecycle import RefusalReason
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Status


class AlertingMetrics:
    """What became of evidence and decisions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.evidence = Counter(
            "fenghuo_alerting_evidence_total",
            "Alarm changes and reports, by what became of them",
            ["source", "disposition"],
            registry=registry,
        )
        self.stale = Counter(
            "fenghuo_alerting_stale_alarms_total",
            "Alarm changes at or below the version already known, dropped",
            registry=registry,
        )
        self.transitions = Counter(
            "fenghuo_alerting_transitions_total",
            "Changes of alerts",
            ["status", "transition"],
            registry=registry,
        )
        self.refusals = Counter(
            "fenghuo_alerting_refused_decisions_total",
            "Decisions refused to the dead letters, by the reason given to the officer",
            ["reason"],
            registry=registry,
        )
        for disposition in Disposition:
            for source in ("alarm", "report"):
                self.evidence.labels(source, disposition)
        for reason in RefusalReason:
            self.refusals.labels(reason)
        for status in Status:
            for transition in AlertTransition:
                self.transitions.labels(status, transition)
