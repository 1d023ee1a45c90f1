"""Grouping: the alert to which an alarm or a report belongs, and the records of alarms.

One danger is one alert: same status, same kind of event, same town (or the place itself where the
place lies above the towns). A closed alert receives no evidence; a danger that becomes graver after
that opens a new alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.alerts.alert import AlarmEvidence, Alert, ReportEvidence
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import DataGrade, Status, Tier, highest_grade, is_sensitive
from shared.contracts.ids import alert_id, content_id
from shared.contracts.reports import Report
from shared.contracts.units import ancestor_at


class Disposition(StrEnum):
    """Result of routing an alarm or a report; stored in its row and counted by the metrics.

    sensor_health: about a device, or mere advice 提示, no alert. cleared_unseen: over before alerting
    knew of the alarm. after_close: its alert is closed and the alarm does not become graver.
    nothing_open: a final report without an open alert. condition: only composite rules use the
    alarm. inhibited: a higher alarm of its site is on. retrospective: detected in a backlog,
    perhaps over; nobody is paged. held: on hold for a moment until its inhibitor may have come.
    silenced: an officer's silence hides the alarm.
    """

    OPENED = "opened"
    JOINED = "joined"
    SENSOR_HEALTH = "sensor_health"
    CLEARED_UNSEEN = "cleared_unseen"
    AFTER_CLOSE = "after_close"
    NOTHING_OPEN = "nothing_open"
    CONDITION = "condition"
    INHIBITED = "inhibited"
    RETROSPECTIVE = "retrospective"
    ON_HOLD = "held"
    SILENCED = "silenced"


WAITING_DISPOSITIONS = frozenset(
    {
        Disposition.INHIBITED,
        Disposition.RETROSPECTIVE,
        Disposition.ON_HOLD,
        Disposition.SILENCED,
    }
)
"""Dispositions of an alarm that may be routed again later, as if it had just been raised."""


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """At most one open alert exists per key."""

    status: Status
    event_type: str
    scope: str


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """The whole row of an alarm, with the alert that has the alarm (None: no alert has).

    `waiting_event` is the newest event of the alarm while it is inhibited, on hold or silenced (by
    `silence_id`): the alarm is routed with that event when the reason ends.
    """

    evidence: AlarmEvidence
    snapshot: AlarmSnapshot
    alert_id: str | None
    disposition: Disposition
    waiting_event: AlarmEvent | None = None
    silence_id: str | None = None


def scope_of(place: str) -> str:
    """Return the town of a place at or below a town, else the place itself."""
    return ancestor_at(place, Tier.TOWN) or place


def group_key(event: AlarmEvent | Report) -> GroupKey:
    """Return the group key of an alarm or a report."""
    return GroupKey(event.status, event.event_type, scope_of(event.place))


def group_key_of_alert(alert: Alert) -> GroupKey:
    """Return the group key of an alert."""
    return GroupKey(alert.status, alert.event_type, alert.scope)


def grade_of(event: AlarmEvent | Report) -> DataGrade:
    """Return the grade of evidence; a sensitive event is important at least."""
    if is_sensitive(event.event_type):
        return highest_grade(event.data_grade, DataGrade.IMPORTANT)
    return event.data_grade


def new_alert(event: AlarmEvent | Report) -> Alert:
    """Return an alert that is not open yet, with `event` as its first evidence to come.

    The alert id follows from the event, not from the alarm: an alarm that becomes graver after its
    alert was closed opens another alert.
    """
    identifier = alert_id(event.type, event.id)
    return Alert(
        alert_id=identifier,
        status=event.status,
        event_type=event.event_type,
        scope=scope_of(event.place),
        place=event.place,
        incident_id=(
            event.incident_id if isinstance(event, Report) else content_id("inc", identifier)
        ),
        grade=grade_of(event),
    )


def evidence_of_alarm(
    event: AlarmEvent, snapshot: AlarmSnapshot, previous: AlarmEvidence | None
) -> AlarmEvidence:
    """Return the evidence after `event`; a clearing leaves `last_danger_at` unchanged."""
    raised_at = event.started_at or (previous.raised_at if previous else event.occurred_at)
    last_danger_at = event.occurred_at
    if previous is not None:
        last_danger_at = (
            max(previous.last_danger_at, last_danger_at)
            if snapshot.is_on
            else previous.last_danger_at
        )
    return AlarmEvidence(
        alarm_id=event.alarm_id,
        version=event.version,
        sensor_id=event.sensor_id,
        level=event.level,
        raised_at=raised_at,
        last_danger_at=last_danger_at,
        cleared_at=snapshot.cleared_at,
        origin_alert_id=previous.origin_alert_id if previous is not None else "",
    )


def evidence_of_report(event: Report) -> ReportEvidence:
    """Return the part of a report that counts as evidence."""
    return ReportEvidence(
        report_id=event.id,
        incident_id=event.incident_id,
        kind=event.kind,
        reporter_id=event.reporter_id,
        role=event.reporter_role,
        occurred_at=event.occurred_at,
        warning_id=event.warning_id,
    )
