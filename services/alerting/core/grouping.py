"""Which alert an alarm or a report belongs to.

One danger is one alert: same status, same kind of event, same town (or the place itself where that
lies above the towns). A closed alert takes nothing in; what still gets worse opens a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.alerting.core.alert import Alarm, Alert
from services.alerting.core.facts import Fact, is_over
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import LEVEL_ORDER, Level, Status, Tier
from shared.contracts.ids import alert_id, content_id
from shared.contracts.reports import Report, ReportKind
from shared.contracts.units import ancestor_at


class Disposition(StrEnum):
    """What became of an alarm or a report; kept with its row, counted by the metrics.

    sensor_health: about a device, or a mere 提示, no alert. cleared_unseen: over before it was known
    here. after_close: its alert is closed and it does not get worse. nothing_open: a final report
    without an open alert. condition: only feeds composite rules. inhibited: a higher alarm of its
    site is on. retrospective: found in a backlog, perhaps over; nobody is paged. held: waits a moment
    for what may inhibit it. silenced: an officer's silence hides it.
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
    HELD = "held"
    SILENCED = "silenced"


WAITING = frozenset(
    {
        Disposition.INHIBITED,
        Disposition.RETROSPECTIVE,
        Disposition.HELD,
        Disposition.SILENCED,
    }
)
"""Of an alarm that may be weighed later as if it had just been raised."""


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """At most one open alert exists per key."""

    status: Status
    event_type: str
    scope: str


@dataclass(frozen=True, slots=True)
class Known:
    """The newest state of an alarm in our books, and the alert it is in (None = in none).

    `held` is its newest event while it is inhibited, held back or silenced (by `silence_id`): with
    that it is weighed when it no longer is.
    """

    alarm: Alarm
    fact: Fact
    alert_id: str | None
    disposition: Disposition
    held: AlarmEvent | None = None
    silence_id: str | None = None


def scope_of(place: str) -> str:
    """The town of a place at or below a town, else the place itself."""
    return ancestor_at(place, Tier.TOWN) or place


def key_of(event: AlarmEvent | Report) -> GroupKey:
    """The group key of an alarm or a report."""
    return GroupKey(event.status, event.event_type, scope_of(event.place))


def place_alarm(event: AlarmEvent, known: Known | None, in_open_alert: bool) -> Disposition | None:
    """Where an alarm event goes; None = to the open alert of its key, or to a new one.

    `in_open_alert`: the alarm is in an alert that is still open. It stays there whatever happens to
    it. One whose alert is closed comes back only when its level rises.
    """
    if in_open_alert and known is not None:
        return known.disposition
    if event.condition:
        return Disposition.CONDITION
    if event.kind == "absence" or LEVEL_ORDER[event.level] < LEVEL_ORDER[Level.BLUE]:
        return Disposition.SENSOR_HEALTH
    over = is_over(event, known.fact if known is not None else None)
    if over and known is not None and known.disposition in WAITING:
        held = known.disposition is Disposition.HELD
        return Disposition.CLEARED_UNSEEN if held else known.disposition
    if event.retrospective:
        return Disposition.RETROSPECTIVE
    if known is None or known.alert_id is None or known.disposition in WAITING:
        return Disposition.CLEARED_UNSEEN if over else None
    rises = LEVEL_ORDER[event.level] > LEVEL_ORDER[known.alarm.level]
    return None if rises and not over else Disposition.AFTER_CLOSE


def place_report(report: Report) -> Disposition | None:
    """Where a report goes when its key has no open alert; None = it opens one."""
    return Disposition.NOTHING_OPEN if report.kind is ReportKind.FINAL else None


def new_alert(event: AlarmEvent | Report) -> Alert:
    """An alert that is not open yet, to be opened by `event` as its first evidence.

    Its id follows from the event, not from the alarm: an alarm that gets worse after its alert was
    closed opens another one.
    """
    fresh = alert_id(event.id)
    return Alert(
        alert_id=fresh,
        status=event.status,
        event_type=event.event_type,
        scope=scope_of(event.place),
        place=event.place,
        incident_id=event.incident_id if isinstance(event, Report) else content_id("inc", fresh),
        grade=event.data_grade,
    )


def merge_alarm(event: AlarmEvent, fact: Fact, existing_alarm: Alarm | None) -> Alarm:
    """The alarm after `event` as its alert sees it. A clearing is no sighting: `seen_at` stays."""
    raised_at = event.started_at or (
        existing_alarm.raised_at if existing_alarm else event.occurred_at
    )
    seen_at = event.occurred_at
    if existing_alarm is not None:
        seen_at = existing_alarm.seen_at if not fact.open else max(existing_alarm.seen_at, seen_at)
    return Alarm(
        alarm_id=event.alarm_id,
        version=event.version,
        sensor_id=event.sensor_id,
        level=event.level,
        raised_at=raised_at,
        seen_at=seen_at,
        cleared_at=fact.cleared_at,
        home=existing_alarm.home if existing_alarm is not None else "",
    )
