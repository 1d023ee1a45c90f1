"""Two alarms of a plant, of which the higher inhibits the lower."""

from __future__ import annotations

from typing import Any

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertTransition
from tests.component.alerting.harness import AlertingHarness
from tests.unit.alerting.builders import an_alarm, at

LONGER_THAN_HOLD_S = 2.1
"""Longer than any alarm is on hold."""


def higher(version: int = 1, minutes: float = 0, **changes: Any) -> AlarmEvent:
    values: dict[str, Any] = {"rule_id": "gas.high", "site": "plant", "event_type": "12:fire"}
    return an_alarm("alm-high", version, occurred_at=at(minutes), **(values | changes))


def lower(version: int = 1, minutes: float = 1, **changes: Any) -> AlarmEvent:
    values: dict[str, Any] = {"rule_id": "gas.low", "inhibited_by": ("gas.high",), "site": "plant"}
    return an_alarm("alm-low", version, occurred_at=at(minutes), **(values | changes))


async def opened(alerting: AlertingHarness) -> list[str]:
    return [
        alert.event_type
        for alert in await alerting.alert_events()
        if alert.transition is AlertTransition.OPENED
    ]
