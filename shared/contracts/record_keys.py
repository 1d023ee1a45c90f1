"""The key that a message has on its compacted topic: the newest record of a key is the entry.

A record with another key would replace another entry, and its own would stay as it was: readers
refuse it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts.catalog import catalog_key
from shared.contracts.topics import (
    CATALOG,
    DUTY_COVERAGE,
    DUTY_ENTRIES,
    PLANS,
    REACHABILITY,
    RESPONSE_MODES,
    ROSTER,
    RULES,
    SENSOR_HEALTH,
)

RECORD_KEYS: dict[str, Callable[[Any], str]] = {
    CATALOG.name: lambda message: catalog_key(message.entry),
    RULES.name: lambda rule: str(rule.rule_id),
    PLANS.name: lambda plan: str(plan.plan_id),
    ROSTER.name: lambda slot: f"{slot.unit}:{slot.post}",
    DUTY_ENTRIES.name: lambda entry: f"{entry.unit}:{entry.entry_id}",
    DUTY_COVERAGE.name: lambda coverage: f"{coverage.unit}:{coverage.post}",
    SENSOR_HEALTH.name: lambda health: f"{health.status}:{health.sensor_id}",
    RESPONSE_MODES.name: lambda mode: f"{mode.status}:{mode.unit}",
    REACHABILITY.name: lambda reachability: str(reachability.officer_id),
}
"""The key of a message by the name of its topic; a topic of cleanup `delete` compares none."""
