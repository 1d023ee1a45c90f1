"""The validity of an issued alert, and its expiry when no officer has decided in time.

Periods are our own example data (docs/sources.md S40): the approval form asks for days and hours
(docs/sources.md S2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.lifecycle import reevaluate
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.states import AlertTrigger, step
from shared.contracts.alerts import AlertTransition
from shared.contracts.fields import Level
from shared.contracts.ids import alert_id, transition_id

VALID_FOR: dict[Level, timedelta] = {
    Level.NOTICE: timedelta(hours=24),
    Level.BLUE: timedelta(hours=24),
    Level.YELLOW: timedelta(hours=24),
    Level.ORANGE: timedelta(hours=24),
    Level.RED: timedelta(hours=12),
}
LONGEST = timedelta(days=30)
"""The longest validity that an officer may ask for."""


def valid_until(level: Level, requested: datetime | None, now: datetime) -> datetime:
    """Return when an alert issued now at this level expires.

    The requested moment holds if it lies within what is allowed; otherwise the default period does.
    """
    if requested is not None and now < requested <= now + LONGEST:
        return requested
    return now + VALID_FOR[level]


def expire(alert: Alert, now: datetime) -> AlertChange | None:
    """Return the change that ends the alert; None when it is not due, or not due any more.

    A pending ratification stays on the record: the level expires, the missing signature does not.
    """
    if not alert.is_issued or alert.expires_at is None or alert.expires_at > now:
        return None
    updated = replace(
        alert,
        version=alert.version + 1,
        state=step(alert.state, AlertTrigger.EXPIRE),
        signatures=(),
    )
    return AlertChange(updated, AlertTransition.EXPIRED)


def follow_up_alert(alert: Alert) -> AlertChange | None:
    """Return the opening of an alert of the alarms that are still on; None when no alarm is.

    The new alert has to be verified and signed from the beginning: no officer has said that the
    danger is over.
    """
    identifier = alert_id("alert", transition_id(alert.alert_id, alert.version))
    alarms = tuple(
        replace(alarm, origin_alert_id=identifier) for alarm in alert.alarms if alarm.asks_for_alert
    )
    if not alarms:
        return None
    follower = Alert(
        alert_id=identifier,
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
    return reevaluate(follower, alert.headline, ())
