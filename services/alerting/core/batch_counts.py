"""Counts of one transaction, for the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from services.alerting.core.alerts.grouping import Disposition
from services.alerting.core.alerts.outcome import RefusalReason
from shared.contracts.alarms import AlarmTransition
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Status


@dataclass
class BatchCounts:
    """Numbers of alarms, reports, warnings, alert changes, rule alarms and refused decisions of a
    transaction."""

    dispositions: Counter[tuple[str, Disposition, Status]] = field(default_factory=Counter)
    transitions: Counter[tuple[Status, AlertTransition]] = field(default_factory=Counter)
    episodes: Counter[tuple[str, AlarmTransition, Status]] = field(default_factory=Counter)
    warnings: Counter[tuple[str, Status]] = field(default_factory=Counter)
    stale: Counter[Status] = field(default_factory=Counter)
    refusals: Counter[tuple[RefusalReason, Status]] = field(default_factory=Counter)
