"""The metrics of audit, beside those of the platform."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class AuditMetrics:
    """Updated per batch or per round; every label is a closed set."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.findings = Gauge(
            "fenghuo_audit_findings_open",
            "Findings that are not resolved, by kind; each needs an operator",
            ["kind"],
            registry=registry,
        )
        self.raised = Counter(
            "fenghuo_audit_findings_raised_total",
            "Findings raised, by kind",
            ["kind"],
            registry=registry,
        )
        self.entries = Counter(
            "fenghuo_audit_trail_entries_total",
            "Entries appended to the trail",
            registry=registry,
        )
        self.checks = Counter(
            "fenghuo_audit_checks_total", "Checks made", ["outcome"], registry=registry
        )
        # Prometheus sees no standstill of a series that does not exist yet.
        self.checks.labels("complete")
        self.not_ready = Gauge(
            "fenghuo_audit_checks_not_ready",
            "Queries that could not be asked because a table is missing",
            registry=registry,
        )
        self.hops = Gauge(
            "fenghuo_audit_hop_records",
            "Conservation per reader and topic: records in = applied + repeated + refused + "
            "unchecked + in_flight + difference",
            ["service", "topic", "outcome"],
            registry=registry,
        )
