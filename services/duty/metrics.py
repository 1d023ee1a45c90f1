"""What duty exports beside the runtime's series."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class DutyMetrics:
    """Counted per unit that was looked at; every label is a closed set."""

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
