"""How long an issued alert holds, and what becomes of it when nobody has said anything more.

Periods are our own example data (docs/sources.md S40): the approval form asks for days and hours
(docs/sources.md S2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.alerting.core.alert import Alert
from services.alerting.core.lifecycle import weigh
from services.alerting.core.outcome import Change
from services.alerting.core.states import AlertCause, step
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Level
from shared.contracts.ids import alert_id, transition_id

VALID_FOR: dict[Level, timedelta] = {
    Level.BLUE: timedelta(hours=24),
    Level.YELLOW: timedelta(hours=24),
    Level.ORANGE: timedelta(hours=24),
    Level.RED: timedelta(hours=12),
}
LONGEST = timedelta(days=30)
"""The most that an officer may ask for."""


def valid_until(level: Level, wanted: datetime | None, now: datetime) -> datetime:
    """When an alert issued now at this level expires: as wanted, if that lies within what may be."""
    if wanted is not None and now < wanted <= now + LONGEST:
        return wanted
    return now + VALID_FOR[level]


def expire(alert: Alert, now: datetime) -> Change | None:
    """The end of an alert at its hour; None when it is not (or no longer) due.

    What the gate still owes stays on the record: that nobody has signed is not forgotten with the level.
    """
    if not alert.issued or alert.expires_at is None or alert.expires_at > now:
        return None
    after = replace(
        alert,
        version=alert.version + 1,
        state=step(alert.state, AlertCause.EXPIRE),
        signed=(),
    )
    return Change(after, AlertTransition.EXPIRED)


def again(alert: Alert) -> Change | None:
    """The alert that follows an expired one whose alarms are still on; None when none is.

    It is verified and signed from the beginning: nobody has said that the danger is over.
    """
    fresh = alert_id(transition_id(alert.alert_id, alert.version))
    alarms = tuple(replace(alarm, home=fresh) for alarm in alert.alarms if alarm.asks)
    if not alarms:
        return None
    part = Alert(
        alert_id=fresh,
        status=alert.status,
        event_type=alert.event_type,
        scope=alert.scope,
        place=alert.place,
        incident_id=alert.incident_id,
        grade=alert.grade,
        headline=alert.headline,
        areas=alert.areas,
        alarms=alarms,
    )
    return weigh(part, alert.headline, ())
