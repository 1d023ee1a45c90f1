"""The newest state of an alarm, as rules over several sources, inhibition and silences read it.

The evidence of an alert (`alerts.alert.AlarmEvidence`) is the part of an alarm for its alert. Both
lie in one row (`alerts.grouping.AlarmRecord`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import DataGrade, Level, Position, Status, highest_grade


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """The newest state of one alarm; all times are event time.

    `began_at` is when its episode began, `changed_at` the time of the newest change `event_id`, and
    `cleared_at` its end (None: the alarm is on). `retrospective`: detected in a backlog, perhaps
    over. `withdrawn`: late readings showed that there was no alarm.
    """

    alarm_id: str
    version: int
    status: Status
    rule_id: str
    sensor_id: str | None
    sensor_kind: str | None
    site: str | None
    position: Position | None
    place: str
    event_type: str
    level: Level
    event_id: str
    began_at: datetime
    changed_at: datetime
    cleared_at: datetime | None = None
    retrospective: bool = False
    withdrawn: bool = False
    inhibited_by: tuple[str, ...] = ()
    synthetic: bool = False
    grade: DataGrade = DataGrade.GENERAL

    @property
    def is_on(self) -> bool:
        """Return whether the alarm has not been cleared."""
        return self.cleared_at is None


def is_over(event: AlarmEvent, previous: AlarmSnapshot | None) -> bool:
    """Return whether the alarm is over after `event`: cleared, or revised after its end."""
    if event.transition is AlarmTransition.REVISED:
        return previous is not None and not previous.is_on
    return event.transition is AlarmTransition.CLEARED


def snapshot_of(event: AlarmEvent, previous: AlarmSnapshot | None) -> AlarmSnapshot:
    """Return the state of the alarm after `event`; `previous` is None for a new alarm."""
    cleared_at = None
    if is_over(event, previous):
        revised = event.transition is AlarmTransition.REVISED
        cleared_at = previous.cleared_at if previous is not None and revised else event.occurred_at
    began_at = event.started_at or (
        previous.began_at if previous is not None else event.occurred_at
    )
    return AlarmSnapshot(
        alarm_id=event.alarm_id,
        version=event.version,
        status=event.status,
        rule_id=event.rule_id,
        sensor_id=event.sensor_id,
        sensor_kind=event.sensor_kind,
        site=event.site,
        position=event.position,
        place=event.place,
        event_type=event.event_type,
        level=event.level,
        event_id=event.id,
        began_at=began_at,
        changed_at=event.occurred_at,
        cleared_at=cleared_at,
        retrospective=event.retrospective,
        withdrawn=event.withdrawn,
        inhibited_by=event.inhibited_by,
        synthetic=event.synthetic,
        grade=highest_grade(event.data_grade, previous.grade if previous else event.data_grade),
    )


def is_same_site(first: AlarmSnapshot, second: AlarmSnapshot) -> bool:
    """Return whether two alarms concern one spot: compare sites, else sensors, else places.

    The most exact attribute of both alarms decides: the rule of a village does not lie at each
    sensor of the village.
    """
    if first.site is not None and second.site is not None:
        return first.site == second.site
    if first.sensor_id is not None and second.sensor_id is not None:
        return first.sensor_id == second.sensor_id
    return first.place == second.place
