"""An alarm as others look at it: rules over several sources, inhibition, corroboration.

The alert's own view of it is `alert.Alarm`; both are the newest known state and lie in one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import DataGrade, Level, Position, Status, highest_grade


@dataclass(frozen=True, slots=True)
class Fact:
    """The newest state of one alarm, event time throughout.

    `began_at` is when its episode began, `changed_at` the time of the newest change `event_id`,
    `cleared_at` its end (None = it is on). `retrospective`: found in a backlog, perhaps over.
    `withdrawn`: it never was, as late readings showed.
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
    def open(self) -> bool:
        """Whether it is on."""
        return self.cleared_at is None


def is_over(event: AlarmEvent, existing_fact: Fact | None) -> bool:
    """Whether the alarm is over after `event`: cleared, or revised when it had been cleared before."""
    if event.transition is AlarmTransition.REVISED:
        return existing_fact is not None and not existing_fact.open
    return event.transition is AlarmTransition.CLEARED


def fact_of(event: AlarmEvent, existing_fact: Fact | None) -> Fact:
    """The alarm after `event`; `known` is its state before, None when it is new."""
    cleared_at = None
    if is_over(event, existing_fact):
        revised = event.transition is AlarmTransition.REVISED
        cleared_at = (
            existing_fact.cleared_at if existing_fact is not None and revised else event.occurred_at
        )
    began_at = event.started_at or (
        existing_fact.began_at if existing_fact is not None else event.occurred_at
    )
    return Fact(
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
        grade=highest_grade(
            event.data_grade, existing_fact.grade if existing_fact else event.data_grade
        ),
    )


def same_site(fact: Fact, other: Fact) -> bool:
    """Whether two alarms are about one spot: by site, else by sensor, else by place.

    The most exact thing that both have decides; a village's rule is not at its every sensor.
    """
    if fact.site is not None and other.site is not None:
        return fact.site == other.site
    if fact.sensor_id is not None and other.sensor_id is not None:
        return fact.sensor_id == other.sensor_id
    return fact.place == other.place
