"""Flapping 反复告警: the same alarm is raised again and again within a short time.

The episodes of one rule at one sensor (else at one site) are counted by event time, so that a
replay counts alike. Once an alarm flaps, its alert stays open at the level that was reached until
the alarm has been quiet for the quiet period by database time: the flapping is published once, and
after that only a higher level is. The period follows from the response mode that holds at the place
of the alarm when the alarm is raised or cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.alerting.core.alarms.scopes import site_key
from services.alerting.core.alarms.snapshot import AlarmSnapshot
from shared.contracts.fields import ResponseMode, Status
from shared.domain.response_modes.effects import EFFECTS

MAX_RAISES = 3
"""More raises than this within the window are flapping. Our own example data, as are the times."""
WINDOW = timedelta(minutes=10)
QUIET_PERIOD = timedelta(minutes=10)
"""The quiet period in normal mode."""

FlappingKey = tuple[Status, str, str]
"""Status, rule id, source key."""


def source_key(alarm: AlarmSnapshot) -> str:
    """Return the source whose raises are counted: the sensor, else the site, else the place."""
    return f"sensor:{alarm.sensor_id}" if alarm.sensor_id is not None else site_key(alarm)


def flapping_key(alarm: AlarmSnapshot) -> FlappingKey:
    """Return the rule and the source within a status."""
    return alarm.status, alarm.rule_id, source_key(alarm)


def quiet_period(mode: ResponseMode) -> timedelta:
    """Return the quiet period in this mode."""
    return QUIET_PERIOD * EFFECTS[mode].repeat


def is_flapping(raises: Sequence[datetime], now: datetime) -> bool:
    """Return whether more than `MAX_RAISES` of the raises lie in the window that ends at `now`."""
    return sum(now - WINDOW < raised_at <= now for raised_at in raises) > MAX_RAISES
