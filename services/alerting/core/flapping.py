"""Flapping 反复告警: the same alarm that is raised again and again within a short time.

Counted are the episodes of one rule at one sensor (else at one site) by event time, so a replay counts
alike. Once it flaps, its alert stays open at the level that was reached until it has been quiet for the
repeat window by database time: it is told once, and then only what is graver. The window goes by the
response mode that holds where the alarm is, as it is when the alarm is raised or cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.alerting.core.facts import Fact
from services.alerting.core.scopes import site_key
from shared.contracts.fields import ResponseMode, Status
from shared.domain.response_modes.effects import EFFECTS

FLIPS = 3
"""More raises than this within the window is flapping. Our own example data, as are the times."""
WINDOW = timedelta(minutes=10)
QUIET = timedelta(minutes=10)
"""The repeat window of normal mode."""

FlapKey = tuple[Status, str, str]
"""Status, rule, source."""


def source_key(fact: Fact) -> str:
    """What is asked whether it flaps: a sensor, else a site, else a place."""
    return f"sensor:{fact.sensor_id}" if fact.sensor_id is not None else site_key(fact)


def flap_key(fact: Fact) -> FlapKey:
    """Rule and source within a status."""
    return fact.status, fact.rule_id, source_key(fact)


def quiet(mode: ResponseMode) -> timedelta:
    """The repeat window in this mode."""
    return QUIET * EFFECTS[mode].repeat


def flaps(raises: Sequence[datetime], at: datetime) -> bool:
    """Whether so many raises lie in the window that ends at `at`."""
    return sum(at - WINDOW < raise_item <= at for raise_item in raises) > FLIPS
