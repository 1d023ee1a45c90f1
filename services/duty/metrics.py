"""The series that duty exports beside the runtime's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class DutyMetrics:
    """Counted per evaluated unit; every label has a closed set of values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.changes = Counter(
            "fenghuo_duty_changes_total",
            "Changes of duty plans, by what was changed",
            ["kind", "verb"],
            registry=registry,
        )
        self.handovers = Counter(
            "fenghuo_duty_handovers_total",
            "Posts that got another holder (filled) or none (empty)",
            ["now"],
            registry=registry,
        )
