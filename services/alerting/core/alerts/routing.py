"""Routing of evidence: into an alert, or aside (on hold, inhibited, silenced) for a time.

The router decides and changes nothing: the result names the effects, and handlers/alarms.py applies
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.alerting.core.alarms.inhibition import hold_duration, is_inhibited
from services.alerting.core.alarms.snapshot import AlarmSnapshot, is_over
from services.alerting.core.alerts.grouping import WAITING_DISPOSITIONS, AlarmRecord, Disposition
from services.alerting.core.silences.silence import Silence, silence_hiding
from shared.contracts.alarms import AlarmEvent
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.contracts.reports import Report, ReportKind


@dataclass(frozen=True, slots=True)
class AlarmRoute:
    """The decision of the router about one alarm.

    `disposition` None: the alarm goes to the open alert of its group, or to a new one. The effects:
    `silence_id` is the hiding silence, `newly_silenced` is True when the alarm was not hidden
    before; `hold` is the duration of a new hold.
    """

    disposition: Disposition | None
    silence_id: str | None = None
    newly_silenced: bool = False
    hold: timedelta | None = None

    @property
    def keeps_event(self) -> bool:
        """Return whether the event is stored, to route the alarm again later."""
        disposition = self.disposition
        return disposition in WAITING_DISPOSITIONS and disposition is not Disposition.RETROSPECTIVE


class AlarmRouter:
    """Routes the alarms of one transaction.

    `alarms` are the newest states of all loaded alarms, `silences` the silences in force, both by
    id; `now` is database time.
    """

    def __init__(
        self, alarms: Mapping[str, AlarmSnapshot], silences: Mapping[str, Silence], now: datetime
    ) -> None:
        self._alarms = alarms
        self._silences = silences
        self._now = now

    def route(
        self,
        event: AlarmEvent,
        snapshot: AlarmSnapshot,
        record: AlarmRecord | None,
        *,
        in_open_alert: bool,
        has_waited: bool = False,
    ) -> AlarmRoute:
        """Return the route of an alarm; `record` is its row before the event (None: a new alarm).

        `has_waited`: the inhibitors of the alarm had their time, and no hold begins.
        """
        disposition = disposition_of_alarm(event, record, in_open_alert=in_open_alert)
        if disposition is not None:
            silenced = disposition is Disposition.SILENCED and record is not None
            return AlarmRoute(disposition, record.silence_id if record and silenced else None)
        if self.is_inhibited(snapshot):
            return AlarmRoute(Disposition.INHIBITED)
        silence = silence_hiding(self._silences.values(), snapshot, self._now)
        if silence is not None:
            is_new = record is None or record.silence_id != silence.silence_id
            return AlarmRoute(Disposition.SILENCED, silence.silence_id, newly_silenced=is_new)
        duration = hold_duration(snapshot)
        if duration is None or has_waited:
            return AlarmRoute(None)
        begins = record is None or record.disposition is not Disposition.ON_HOLD
        return AlarmRoute(Disposition.ON_HOLD, hold=duration if begins else None)

    def is_inhibited(self, alarm: AlarmSnapshot) -> bool:
        """Return whether a loaded alarm inhibits this one."""
        return is_inhibited(alarm, self._alarms.values())


def disposition_of_alarm(
    event: AlarmEvent, record: AlarmRecord | None, *, in_open_alert: bool
) -> Disposition | None:
    """Return the disposition by the alarm alone; None: an alert is to get the alarm.

    An alarm in an open alert stays there after every change. An alarm whose alert is
    closed comes back only when its level rises.
    """
    if in_open_alert and record is not None:
        return record.disposition
    if event.condition:
        return Disposition.CONDITION
    if event.kind == "absence" or LEVEL_ORDER[event.level] < LEVEL_ORDER[Level.BLUE]:
        return Disposition.SENSOR_HEALTH
    over = is_over(event, record.snapshot if record is not None else None)
    if over and record is not None and record.disposition in WAITING_DISPOSITIONS:
        on_hold = record.disposition is Disposition.ON_HOLD
        return Disposition.CLEARED_UNSEEN if on_hold else record.disposition
    if event.retrospective:
        return Disposition.RETROSPECTIVE
    if record is None or record.alert_id is None or record.disposition in WAITING_DISPOSITIONS:
        return Disposition.CLEARED_UNSEEN if over else None
    rises = LEVEL_ORDER[event.level] > LEVEL_ORDER[record.evidence.level]
    return None if rises and not over else Disposition.AFTER_CLOSE


def disposition_of_report(report: Report) -> Disposition | None:
    """Return the disposition of a report without an open alert; None: the report opens one."""
    return Disposition.NOTHING_OPEN if report.kind is ReportKind.FINAL else None
