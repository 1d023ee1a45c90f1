"""Metrics of the command service, counted per batch; labels are closed sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram


class CommandMetrics:
    """Counters of commands, assignments, steps and supervision events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.commands = Counter(
            "fenghuo_commands_issued_total", "Commands issued", ["status"], registry=registry
        )
        self.assignments = Counter(
            "fenghuo_assignments_delivered_total",
            "Assignments made by fan-outs",
            ["status"],
            registry=registry,
        )
        self.unplanned = Counter(
            "fenghuo_alerts_without_plan_total",
            "Issued alerts for which no plan holds, so that nobody was commanded",
            ["status"],
            registry=registry,
        )
        self.fan_out = Histogram(
            "fenghuo_fan_out_recipients",
            "Recipients of a command",
            ["status"],
            buckets=(1, 10, 100, 1_000, 10_000),
            registry=registry,
        )
        self.steps = Counter(
            "fenghuo_acknowledgements_total",
            "Steps of people by outcome (applied, waiting, repeated, late)",
            ["outcome", "status"],
            registry=registry,
        )
        self.supervision = Counter(
            "fenghuo_supervision_total",
            "Supervision events by kind",
            ["kind", "status"],
            registry=registry,
        )
