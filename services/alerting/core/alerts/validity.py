"""The expiry of an issued alert when no officer has decided in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.alerting.core.alerts.alert import Alert
from services.alerting.core.alerts.lifecycle import reevaluate
from services.alerting.core.alerts.outcome import AlertChange
from services.alerting.core.alerts.states import AlertTrigger, step
from shared.contracts.alerts import AlertTransition
from shared.contracts.ids import alert_id, transition_id


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
