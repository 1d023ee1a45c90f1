"""Metrics of alerting, counted once per transaction before its commit.

A transaction that is rolled back and repeated counts again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.alerting.core.alerts.grouping import Disposition
from services.alerting.core.alerts.outcome import RefusalReason
from services.alerting.core.batch_counts import BatchCounts
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Status

_MOST_NAMES = 10
"""A trouble names so many rules."""


class AlertingMetrics:
    """Counters of evidence, decisions, changes of alerts and rules over several sources."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.evidence = Counter(
            "fenghuo_alerting_evidence_total",
            "Alarm changes and reports, by what became of them",
            ["source", "disposition", "status"],
            registry=registry,
        )
        self.stale = Counter(
            "fenghuo_alerting_stale_alarms_total",
            "Alarm changes at or below the version already known, dropped",
            ["status"],
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
            ["reason", "status"],
            registry=registry,
        )
        self.warnings = Counter(
            "fenghuo_alerting_warnings_total",
            "Messages of other agencies: taken as warnings, only heard, or warnings withdrawn",
            ["what", "status"],
            registry=registry,
        )
        self.episodes = Counter(
            "fenghuo_alerting_rule_alarms_total",
            "Alarms of rules over several sources",
            ["kind", "transition", "status"],
            registry=registry,
        )
        self.shadowed = Counter(
            "fenghuo_alerting_shadow_alarms_total",
            "Changes that candidate rules over several sources would have told",
            ["transition", "status"],
            registry=registry,
        )
        self.quarantined_rules = Gauge(
            "fenghuo_alerting_rules_quarantined",
            "Rules over several sources that cost too much and are not evaluated",
            registry=registry,
        )
        self._quarantined: list[str] = []
        for status in Status:
            self.stale.labels(status)
            for disposition, source in product(Disposition, ("alarm", "report")):
                self.evidence.labels(source, disposition, status)
            for reason in RefusalReason:
                self.refusals.labels(reason, status)
            for transition in AlertTransition:
                self.transitions.labels(status, transition)
            for change in AlarmTransition:
                self.shadowed.labels(change, status)
                for kind in ("composite", "corroboration"):
                    self.episodes.labels(kind, change, status)

    def note_quarantined(self, rule_ids: Collection[str]) -> None:
        """Note the rules that cost too much and are not evaluated."""
        self.quarantined_rules.set(len(rule_ids))
        self._quarantined = sorted(rule_ids)

    def rule_trouble(self) -> str | None:
        """Return the trouble of the rules for /readyz, from which the auditor calls a person."""
        names = ", ".join(self._quarantined[:_MOST_NAMES])
        return f"rules that cost too much are not evaluated: {names}" if names else None

    def count(
        self, counts: BatchCounts, shadow_counts: Mapping[tuple[AlarmTransition, Status], int]
    ) -> None:
        """Add the counts of a transaction."""
        for evidence, number in counts.dispositions.items():
            self.evidence.labels(*evidence).inc(number)
        for transition, number in counts.transitions.items():
            self.transitions.labels(*transition).inc(number)
        for episode, number in counts.episodes.items():
            self.episodes.labels(*episode).inc(number)
        for warning, number in counts.warnings.items():
            self.warnings.labels(*warning).inc(number)
        for refusal, number in counts.refusals.items():
            self.refusals.labels(*refusal).inc(number)
        for change, number in shadow_counts.items():
            self.shadowed.labels(*change).inc(number)
        for status, number in counts.stale.items():
            self.stale.labels(status).inc(number)
